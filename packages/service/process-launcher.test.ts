import { expect, test, vi } from 'vitest';
import { events, logged, startFixture, startNode } from './test/fixture-daemon.ts';

vi.setConfig({ testTimeout: 30_000 });

test.each(['SIGTERM', 'SIGINT'] as const)('%s stops the service, and exits with 0', async (signal) => {
  const daemon = await startFixture(['good']);
  await daemon.waitForLine(/^started/);
  daemon.signal(signal);
  expect(await daemon.ended).toBe(0);
  expect(events(daemon, 'stopped')).toHaveLength(1);
});

test('a process with nothing else to do goes on', async () => {
  const daemon = await startFixture(['good']);
  await daemon.waitForLine(/^started/);
  const ended = await Promise.race([
    daemon.ended,
    new Promise((resolve) => setTimeout(resolve, 300, 'alive')),
  ]);
  expect(ended).toBe('alive');
});

test('a second signal exits with 1 at once', async () => {
  const daemon = await startFixture(['hang-stop']);
  await daemon.waitForLine(/^started/);
  daemon.signal('SIGTERM');
  await daemon.waitForLine(/^stopping/);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(1);
});

test('a start that fails is logged, and exits with 1', async () => {
  const daemon = await startFixture(['fail-start']);
  expect(await daemon.ended).toBe(1);
  expect(logged(daemon, 'error')).toEqual([
    expect.objectContaining({
      msg: 'Could not start',
      err: expect.objectContaining({ message: 'cannot start' }),
    }),
  ]);
});

test('a stop while the service starts exits with 0', async () => {
  const daemon = await startFixture(['hang-start']);
  await daemon.waitForLine(/^starting/);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(events(daemon, 'stopped')).toHaveLength(1);
});

test('a stop that fails is logged, and exits with 1', async () => {
  const daemon = await startFixture(['fail-stop']);
  await daemon.waitForLine(/^started/);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(1);
  expect(logged(daemon, 'error')).toEqual([expect.objectContaining({ msg: 'Could not stop cleanly' })]);
});

test.each([
  ['reject', 'unhandledRejection', 'nobody cares'],
  ['throw', 'uncaughtException', 'out of the blue'],
] as const)(
  'an error that is caught nowhere (%s) is logged, and exits with 1',
  async (behaviour, event, message) => {
    const daemon = await startFixture([behaviour]);
    expect(await daemon.ended).toBe(1);
    expect(logged(daemon, 'error')).toEqual([
      expect.objectContaining({ event, err: expect.objectContaining({ message }) }),
    ]);
  },
);

test('several services start in order and stop in the opposite order', async () => {
  const daemon = await startFixture(['good', 'slow-stop', 'good']);
  await daemon.waitForLine(/^started s2/);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  const names = (event: string) => events(daemon, event).map((line) => line.split(' ')[0]);
  expect(names('started')).toEqual(['s0', 's1', 's2']);
  expect(names('stopped')).toEqual(['s2', 's1', 's0']);
});

test('when one of several services cannot start, those before it stop and those after it do not start', async () => {
  const daemon = await startFixture(['good', 'fail-start', 'good']);
  expect(await daemon.ended).toBe(1);
  expect(daemon.stdout).toMatch(/stopped s0/);
  expect(daemon.stdout).not.toMatch(/created s2/);
});

test('importing the package installs no handlers', async () => {
  const script = `await import('@mini-nova/service');
    for (const event of ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'])
      console.log(event, process.listenerCount(event));`;
  const node = await startNode(['--input-type=module', '--eval', script]);
  expect(await node.ended).toBe(0);
  expect(node.stdout).toBe('SIGTERM 0\nSIGINT 0\nuncaughtException 0\nunhandledRejection 0\n');
});
