import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  DAEMON,
  events,
  logged,
  pids,
  startFixture,
  startNode,
  startProgram,
} from '../test/fixture-daemon.ts';

test.each([
  ['SIGTERM', 'stopping'],
  ['SIGINT', 'stopping-quick'],
] as const)('%s stops the service (%s), and exits with 0', async (signal, step) => {
  const daemon = await startFixture(['good']);
  await daemon.waitForLine(/^started/);
  daemon.signal(signal);
  expect(await daemon.ended).toBe(0);
  expect(events(daemon, step)).toHaveLength(1);
  expect(events(daemon, 'stopped')).toHaveLength(1);
});

test('it goes through its states', async () => {
  const daemon = await startFixture(['good']);
  await daemon.waitForLine(/^state-running/);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  const states = daemon.stdout.match(/^state-\w+/gm);
  expect(states).toEqual(['state-starting', 'state-running', 'state-draining', 'state-stopped']);
});

test('a stop that hangs ends with 1 in time', async () => {
  const daemon = await startFixture(['hang-stop'], { env: { STOP_TIMEOUT: '0.1' } });
  await daemon.waitForLine(/^started/);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(1);
  expect(logged(daemon, 'error').map(({ msg }) => msg)).toEqual(['The stop hangs; exiting at once']);
});

test('SIGHUP reads what can change again, and tells the services', async () => {
  const daemon = await startFixture(['good', 'good']);
  await daemon.waitForLine(/^state-running/);
  daemon.signal('SIGHUP');
  await daemon.waitForLine(/^reset s1/);
  expect(events(daemon, 'read-changeable')).toHaveLength(1);
  expect(events(daemon, 'stopping')).toEqual([]);
});

test('SIGHUP while the service starts is obeyed once it has started', async () => {
  const daemon = await startFixture(['slow-start']);
  await daemon.waitForLine(/^starting/);
  daemon.signal('SIGHUP');
  await daemon.waitForLine(/^reset s0/);
  expect(daemon.stdout.indexOf('reset s0')).toBeGreaterThan(daemon.stdout.indexOf('started s0'));
});

test('with restart method reload, SIGHUP stops the services and makes them again', async () => {
  const daemon = await startFixture(['good', 'good'], { env: { RESTART_METHOD: 'reload' } });
  await daemon.waitForLine(/^state-running/);
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(daemon.stdout.match(/^state-\w+/gm)).toHaveLength(5));
  expect(events(daemon, 'read-everything')).toHaveLength(1);
  expect(events(daemon, 'replaced').map((line) => line.split(' ')[0])).toEqual(['s1', 's0']);
  expect(events(daemon, 'created')).toHaveLength(4);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(events(daemon, 'stopped')).toHaveLength(4);
});

test('a reload stands for all that are requested before it begins', async () => {
  const UNSTOPPABLE = join(tempDir(), 'unstoppable');
  writeFileSync(UNSTOPPABLE, '');
  const daemon = await startFixture(['good'], { env: { RESTART_METHOD: 'reload', UNSTOPPABLE } });
  await daemon.waitForLine(/^state-running/);
  daemon.signal('SIGHUP');
  await daemon.waitForLine(/^stopping/);
  for (const count of [1, 2, 3]) {
    daemon.signal('SIGHUP');
    // A pending signal of the same kind would swallow the next one.
    daemon.signal('SIGUSR2');
    await vi.waitFor(() => expect(events(daemon, 'report')).toHaveLength(count));
  }
  rmSync(UNSTOPPABLE);
  const reloads = (msg: string) => logged(daemon, 'info').filter((line) => line.msg === msg);
  await vi.waitFor(() => expect(reloads('Reloaded')).toHaveLength(2));
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(reloads('Reloading')).toHaveLength(2);
});

test('a service that does not stop cleanly in a reload is logged; the exit code is that of the last stop', async () => {
  const daemon = await startFixture(['fail-replaced'], { env: { RESTART_METHOD: 'reload' } });
  await daemon.waitForLine(/^state-running/);
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(events(daemon, 'started')).toHaveLength(2));
  expect(logged(daemon, 'error').map(({ msg }) => msg)).toEqual(['Could not stop cleanly']);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

test('a reload whose stop hangs ends with 1 in time', async () => {
  const daemon = await startFixture(['hang-stop'], {
    env: { RESTART_METHOD: 'reload', STOP_TIMEOUT: '0.1' },
  });
  await daemon.waitForLine(/^state-running/);
  daemon.signal('SIGHUP');
  expect(await daemon.ended).toBe(1);
});

test('a configuration that cannot be used changes nothing', async () => {
  const file = join(tempDir('reload-'), 'there');
  const daemon = await startFixture(['good'], { env: { RESTART_METHOD: 'reload', UNREADABLE: file } });
  await daemon.waitForLine(/^state-running/);
  writeFileSync(file, '');
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(logged(daemon, 'error')).toHaveLength(1));
  expect(logged(daemon, 'error')[0]?.msg).toBe('The configuration cannot be used; nothing has changed');
  expect(events(daemon, 'stopping')).toEqual([]);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

test('services that cannot be started again end the daemon with 1', async () => {
  const file = join(tempDir('reload-'), 'there');
  const daemon = await startFixture(['good'], { env: { RESTART_METHOD: 'reload', UNSTARTABLE: file } });
  await daemon.waitForLine(/^state-running/);
  writeFileSync(file, '');
  daemon.signal('SIGHUP');
  expect(await daemon.ended).toBe(1);
});

test('SIGUSR2 writes a report of what runs', async () => {
  const daemon = await startFixture(['good', 'sick']);
  await daemon.waitForLine(/^state-running/);
  daemon.signal('SIGUSR2');
  await daemon.waitForLine(/^report/);
  expect(JSON.parse(events(daemon, 'report')[0] ?? '')).toMatchObject({
    launcher: { state: 'running' },
    s0: { behaviour: 'good' },
    s1: { behaviour: 'sick' },
  });
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

test('a start that finds the configuration of no use exits with 2, as another would not help', async () => {
  const daemon = await startFixture(['misconfigured']);
  expect(await daemon.ended).toBe(2);
  expect(logged(daemon, 'error')).toMatchObject([
    { msg: 'Could not start', err: { message: 'host1: [DEFAULT] size = 9: must be at most 8' } },
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
    for (const event of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2', 'uncaughtException', 'unhandledRejection'])
      console.log(event, process.listenerCount(event));`;
  const node = await startNode(['--input-type=module', '--eval', script]);
  expect(await node.ended).toBe(0);
  expect(node.stdout).toBe(
    'SIGTERM 0\nSIGINT 0\nSIGHUP 0\nSIGUSR2 0\nuncaughtException 0\nunhandledRejection 0\n',
  );
});

test('in a terminal SIGHUP reloads; a terminal that is closed stops the daemon in order', async () => {
  const log = join(tempDir('terminal-'), 'log');
  // Not below a shell: the hang-up is for the terminal's first process.
  const command = `exec "${process.execPath}" "${DAEMON}" 1 good 2>>"${log}"`;
  const terminal = await startProgram('script', ['-qfec', command, '/dev/null']);
  await terminal.waitForLine(/^state-running/);
  const [daemon = 0] = pids(terminal, 'started');
  // It leads a session of its own, so no group's signal reaches it.
  onTestFinished(() => killIfThere(daemon));
  process.kill(daemon, 'SIGHUP');
  await terminal.waitForLine(/^reset s0/);
  terminal.signal('SIGKILL');
  await vi.waitFor(() => expect(() => process.kill(daemon, 0)).toThrow('ESRCH'));
  const lines = readFileSync(log, 'utf8');
  expect(lines).toContain('"reason":"SIGHUP"');
  // As Node.js says when it aborts at the end.
  expect(lines).not.toContain('Assertion failed');
});

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
