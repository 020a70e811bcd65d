import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Child } from './child.ts';

const BUILT = join(import.meta.dirname, 'dist', 'index.js');

const OBEDIENT = 'sleep 60';
const STUBBORN = 'trap "" TERM; while :; do sleep 1; done';

// A process that starts another, makes a directory, prints both, and waits.
const OWNER = `
  import { Child, tempDir } from ${JSON.stringify(BUILT)};
  const child = await Child.start('sh', ['-c', process.argv[1]]);
  console.log('owns ' + child.pid + ' ' + tempDir());
  setInterval(() => undefined, 1000);
`;

function isAlive(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

async function startOwner(script: string): Promise<{ owner: Child; group: number; folder: string }> {
  const owner = await Child.start(process.execPath, ['--input-type=module', '-e', OWNER, script]);
  const [, group = '', folder = ''] = (await owner.waitForLine(/^owns /)).split(' ');
  return { owner, group: Number(group), folder };
}

test.each([
  ['SIGINT', OBEDIENT],
  ['SIGKILL', STUBBORN],
] as const)('what a process started and made is gone soon after it ended by %s', async (signal, script) => {
  const { owner, group, folder } = await startOwner(script);
  expect(isAlive(group)).toBe(true);
  expect(existsSync(folder)).toBe(true);
  owner.signal(signal);
  expect(await owner.ended).toBe(signal);
  await expect.poll(() => isAlive(group)).toBe(false);
  await expect.poll(() => existsSync(folder)).toBe(false);
});
