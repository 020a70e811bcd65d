import { expect, test } from 'vitest';
import { Child } from './child.ts';
import { run, runOk } from './command.ts';
import { ChildProcessError } from './errors.ts';

test('keeps the output of both streams and the exit code', async () => {
  const result = await run('sh', ['-c', 'echo out; echo err >&2; exit 3']);
  expect(result).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
});

test('a command that must succeed fails with its output', async () => {
  await expect(runOk('sh', ['-c', 'echo broken >&2; exit 1'])).rejects.toThrow(/ended with 1\nbroken/);
});

test('a command that takes too long is killed with everything it started', async () => {
  await expect(run('sh', ['-c', 'sleep 60 & wait'], { timeout: 0.2 })).rejects.toThrow(ChildProcessError);
});

test('a program that does not exist is an error', async () => {
  await expect(run('/does/not/exist', [])).rejects.toThrow(/ENOENT/);
});

test('waits for a line, and finds one that came before', async () => {
  const child = await Child.start('sh', ['-c', 'sleep 0.1; echo ready on port 7; sleep 60']);
  expect(await child.waitForLine(/ready/)).toBe('ready on port 7');
  expect(await child.waitForLine(/port \d/)).toBe('ready on port 7');
  expect(await child.stop('SIGTERM')).toBe('SIGTERM');
});

test('waiting for a line ends with the output when the process ends first', async () => {
  const child = await Child.start('sh', ['-c', 'echo no config; exit 2']);
  await expect(child.waitForLine(/ready/)).rejects.toThrow(/ended with 2 .*\n?no config/s);
});

test('waiting for a line ends when its time is over', async () => {
  const child = await Child.start('sleep', ['60']);
  await expect(child.waitForLine(/ready/, 0.1)).rejects.toThrow(/0.1 s passed/);
  await child.stop('SIGKILL');
});

test('a process that ignores the signal is killed after the grace', async () => {
  const child = await Child.start('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done']);
  await child.waitForLine(/ready/);
  expect(await child.stop('SIGTERM', 0.2)).toBe('SIGKILL');
});

test('signals to a process that has ended do nothing', async () => {
  const child = await Child.start('true', []);
  expect(await child.ended).toBe(0);
  child.signal('SIGTERM');
  child.signal('SIGKILL', 'group');
  expect(await child.stop()).toBe(0);
});
