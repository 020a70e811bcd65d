import { parseArgs } from 'node:util';
import { targetLine } from '../shared/target.ts';
import { filesOfBoots } from './one-boot.ts';
import { filesOfCalls } from './one-call.ts';

interface Way {
  /** Each time the files that have run. */
  record(times: number): Promise<string[][]>;
  /** Of which files the number is promised. */
  folder: string;
  most: number;
}

const WAYS: Readonly<Record<string, Way>> = {
  call: { record: filesOfCalls, folder: 'packages/messaging', most: 45 },
  boot: { record: filesOfBoots, folder: 'services', most: 60 },
};
/** What runs every time is the way; what does not is a timer that happened to fire. */
const TIMES = 5;

/** `npm run bench -- reading-path`: how many files a reader of one way opens. Returns the exit code. */
export async function benchReadingPath(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { folder: { type: 'string' } },
    allowPositionals: true,
  });
  const [name = 'call'] = positionals;
  const way = WAYS[name];
  if (way === undefined) {
    console.error(`npm run bench -- reading-path [${Object.keys(WAYS).join(' | ')}] [--folder PATH]`);
    return 2;
  }
  const { folder = way.folder } = values;
  const [first = [], ...others] = await way.record(TIMES);
  const files = first.filter(
    (file) => file.startsWith(`${folder}/`) && others.every((run) => run.includes(file)),
  );
  console.log(files.join('\n'));
  const found = { what: `files of ${folder} that run in one warm ${name}`, actual: files.length };
  if (folder !== way.folder) {
    console.log(`\n${found.what}: ${found.actual}`);
    return 0;
  }
  const met = files.length <= way.most;
  console.log(`\n${targetLine({ ...found, wanted: `<= ${way.most}`, met, digits: 0 })}`);
  return met ? 0 : 1;
}
