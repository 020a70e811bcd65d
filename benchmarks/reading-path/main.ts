import { parseArgs } from 'node:util';
import { targetLine } from '../shared/target.ts';
import { filesNotNamed } from './named-files.ts';
import { filesOfBoots } from './one-boot.ts';
import { filesOfCalls } from './one-call.ts';

interface Way {
  /** The files that ran, for each repetition. */
  record(times: number): Promise<string[][]>;
  /** The folder for whose files a number is promised. */
  folder: string;
  most: number;
}

const WAYS: Readonly<Record<string, Way>> = {
  call: { record: filesOfCalls, folder: 'packages/messaging', most: 45 },
  boot: { record: filesOfBoots, folder: 'services', most: 60 },
};
/** Files that run every time are on the path; others belong to a timer that happened to fire. */
const TIMES = 5;
/** Has each path in words. */
const READING_PATH = 'ARCHITECTURE.md';

/** `npm run bench -- reading-path`: how many files a reader of one path opens. Returns the exit code. */
export async function benchReadingPath(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { folder: { type: 'string' } },
    allowPositionals: true,
  });
  const [name = 'call', ...others] = positionals;
  const way = WAYS[name];
  if (way === undefined || others.length > 0) {
    console.error(`npm run bench -- reading-path [${Object.keys(WAYS).join(' | ')}] [--folder PATH]`);
    return 2;
  }
  const { folder = way.folder } = values;
  const [first = [], ...later] = await way.record(TIMES);
  const files = first.filter(
    (file) => file.startsWith(`${folder}/`) && later.every((run) => run.includes(file)),
  );
  console.log(files.join('\n'));
  const found = { what: `files of ${folder} that run in one warm ${name}`, actual: files.length };
  if (folder !== way.folder) {
    console.log(`\n${found.what}: ${found.actual}`);
    return 0;
  }
  const met = files.length <= way.most;
  console.log(`\n${targetLine({ ...found, wanted: `<= ${way.most}`, met, digits: 0 })}`);
  const unnamed = await filesNotNamed(files, READING_PATH);
  const what = `files of them that ${READING_PATH} does not name`;
  const areNamed = unnamed.length === 0;
  console.log(targetLine({ what, wanted: '= 0', actual: unnamed.length, met: areNamed, digits: 0 }));
  console.log(unnamed.join('\n'));
  return met && areNamed ? 0 : 1;
}
