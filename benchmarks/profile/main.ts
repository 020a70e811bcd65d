import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { figure, markdownTable } from '../shared/table.ts';

interface CallFrame {
  functionName: string;
  url: string;
  lineNumber: number;
}

interface Profile {
  nodes: { id: number; callFrame: CallFrame }[];
  samples: number[];
  /** Microseconds since the previous sample. */
  timeDeltas: number[];
}

const SHOWN = 40;
/** The processor was doing something else. */
const IDLE = '(idle)';

/** `npm run bench -- profile FILE…`: which functions used the most time themselves. Returns the exit code. */
export async function showProfiles(files: readonly string[]): Promise<number> {
  if (files.length === 0) {
    console.error('npm run bench -- profile FILE …');
    return 2;
  }
  for (const file of files) {
    const profile = JSON.parse(await readFile(file, 'utf8')) as Profile;
    console.log(`${basename(file)}\n${selfTimeTable(profile)}\n`);
  }
  return 0;
}

function selfTimeTable({ nodes, samples, timeDeltas }: Profile): string {
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '?';
    times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const idle = times.get(IDLE) ?? 0;
  times.delete(IDLE);
  const busy = [...times.values()].reduce((sum, time) => sum + time, 0);
  const most = [...times].sort(([, a], [, b]) => b - a).slice(0, SHOWN);
  const rows = most.map(([name, time]) => [name, figure(time / 1000), figure((time / busy) * 100, 1)]);
  return markdownTable(
    [`busy ${figure(busy / 1000)} ms, idle ${figure(idle / 1000)} ms`, 'self ms', '%'],
    rows,
  );
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.replace(/^file:\/\//, '').replace(/^.*\/(node_modules|packages|benchmarks)\//, '');
  return `${name} ${file}:${lineNumber + 1}`;
}
