import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { expect, test, vi } from 'vitest';
import { events, logged, pids, startFixture } from '../test/fixture-daemon.ts';

const patiently = { interval: 20 };

type Fixture = Awaited<ReturnType<typeof startFixture>>;

async function untilRunning(daemon: Fixture, workers: number): Promise<void> {
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(workers), patiently);
  await vi.waitFor(
    () => expect(logged(daemon, 'info').filter(isWorkerStart)).toHaveLength(workers),
    patiently,
  );
}

const isWorkerStart = ({ msg }: { msg: string }) => msg === 'Worker started';

/** The states that the primary went through. */
function states(daemon: Fixture): string[] {
  return daemon.stdout.split('\n').flatMap((line) => {
    const [, state, pid] = /^state-(\w+) main (\d+)$/.exec(line) ?? [];
    return state && Number(pid) === daemon.pid ? [state] : [];
  });
}

test('each worker runs the service, and the primary does not even make it', async () => {
  const daemon = await startFixture(['good'], { workers: 3 });
  await untilRunning(daemon, 3);
  expect(new Set(pids(daemon, 'started')).size).toBe(3);
  expect(pids(daemon, 'created')).not.toContain(daemon.pid);
  expect(pids(daemon, 'serving')).toContain(daemon.pid);
});

test('it goes through its states', async () => {
  const daemon = await startFixture(['good'], { workers: 2 });
  await untilRunning(daemon, 2);
  expect(states(daemon)).toEqual(['starting', 'running']);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(states(daemon)).toEqual(['starting', 'running', 'draining', 'stopped']);
});

test.each([
  ['SIGTERM', 'process', 'stopping'],
  ['SIGINT', 'process', 'stopping-quick'],
  // A terminal's Ctrl-C and a service manager's stop reach the workers too, which are then told twice.
  ['SIGTERM', 'group', 'stopping'],
  ['SIGINT', 'group', 'stopping-quick'],
] as const)('%s to the %s stops the workers in order (%s), and exits with 0', async (signal, whom, step) => {
  const daemon = await startFixture(['slow-stop'], { workers: 2 });
  await untilRunning(daemon, 2);
  daemon.signal(signal, whom);
  expect(await daemon.ended).toBe(0);
  expect(pids(daemon, step)).toHaveLength(2);
  expect(pids(daemon, 'stopped')).toHaveLength(2);
});

test('a worker that is killed is replaced at once', async () => {
  const daemon = await startFixture(['good'], { workers: 2 });
  await untilRunning(daemon, 2);
  const [victim = 0] = pids(daemon, 'started');
  process.kill(victim, 'SIGKILL');
  await untilRunning(daemon, 3);
  expect(logged(daemon, 'warn')).toEqual([
    expect.objectContaining({ msg: 'A worker exited', signal: 'SIGKILL', workerPid: victim, restartIn: 0 }),
  ]);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(pids(daemon, 'stopped')).toHaveLength(2);
});

test('a worker that is told to stop knows that it is replaced', async () => {
  const daemon = await startFixture(['slow-stop'], { workers: 2 });
  await untilRunning(daemon, 2);
  const [victim = 0] = pids(daemon, 'started');
  process.kill(victim, 'SIGTERM');
  await untilRunning(daemon, 3);
  expect(pids(daemon, 'replaced')).toEqual([victim]);
  expect(pids(daemon, 'stopped')).toEqual([victim]);
  expect(logged(daemon, 'warn')).toEqual([]);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(pids(daemon, 'replaced')).toEqual([victim]);
});

test('a worker that crashes again and again is replaced with growing delays', async () => {
  const daemon = await startFixture(['throw'], { workers: 2 });
  const delays = () =>
    logged(daemon, 'warn').flatMap(({ worker, restartIn }) => (worker === 0 ? [restartIn] : []));
  await vi.waitFor(() => expect(delays().length).toBeGreaterThanOrEqual(4), patiently);
  expect(delays().slice(0, 4)).toEqual([0, 0.05, 0.1, 0.2]);
});

test('workers that cannot start make the daemon give up with 1', async () => {
  const daemon = await startFixture(['fail-start'], { workers: 2 });
  expect(await daemon.ended).toBe(1);
  expect(pids(daemon, 'starting').length).toBeLessThanOrEqual(4);
  expect(logged(daemon, 'error').map(({ msg }) => msg)).toContain(
    'Workers exit before they serve; giving up',
  );
});

test('a worker that cannot stop cleanly makes the daemon exit with 1', async () => {
  const daemon = await startFixture(['fail-stop'], { workers: 2 });
  await untilRunning(daemon, 2);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(1);
});

test('a second signal kills the workers and exits with 1 at once', async () => {
  const daemon = await startFixture(['hang-stop'], { workers: 2 });
  await untilRunning(daemon, 2);
  daemon.signal('SIGTERM');
  await vi.waitFor(() => expect(pids(daemon, 'stopping')).toHaveLength(2), patiently);
  daemon.signal('SIGTERM');
  // Its output ends only when no worker holds it any more.
  expect(await daemon.ended).toBe(1);
});

test.each(['hang-stop', 'loop-stop'] as const)(
  'workers whose stop hangs (%s) end with 1 in time',
  async (how) => {
    const daemon = await startFixture([how], { workers: 2, env: { STOP_TIMEOUT: '0.2' } });
    await untilRunning(daemon, 2);
    daemon.signal('SIGTERM');
    expect(await daemon.ended).toBe(1);
  },
);

test('workers whose primary was killed stop in order', async () => {
  const daemon = await startFixture(['slow-stop'], { workers: 2 });
  await untilRunning(daemon, 2);
  daemon.signal('SIGKILL');
  expect(await daemon.ended).toBe('SIGKILL');
  expect(pids(daemon, 'stopped')).toHaveLength(2);
});

test('SIGHUP changes options in the primary and in every worker', async () => {
  const daemon = await startFixture(['good'], { workers: 2 });
  await untilRunning(daemon, 2);
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(pids(daemon, 'read-changeable')).toHaveLength(3), patiently);
  await vi.waitFor(
    () => expect(new Set(pids(daemon, 'reset'))).toEqual(new Set(pids(daemon, 'started'))),
    patiently,
  );
  expect(pids(daemon, 'started')).toHaveLength(2);
});

test('with restart method reload, SIGHUP replaces one worker after another', async () => {
  const daemon = await startFixture(['good'], { workers: 2, env: { RESTART_METHOD: 'reload' } });
  await untilRunning(daemon, 2);
  const first = pids(daemon, 'started');
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(pids(daemon, 'stopped')).toHaveLength(2), patiently);
  expect(new Set(pids(daemon, 'replaced'))).toEqual(new Set(first));
  await vi.waitFor(
    () => expect(logged(daemon, 'info').map(({ msg }) => msg)).toContain('Reloaded'),
    patiently,
  );
  const order = daemon.stdout.split('\n').filter((line) => /^(started|stopping) s0/.test(line));
  expect(order.slice(2).map((line) => line.split(' ')[0])).toEqual([
    'started',
    'stopping',
    'started',
    'stopping',
  ]);
  expect(logged(daemon, 'warn')).toEqual([]);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

test.each([
  ['UNREADABLE', 'The configuration cannot be used; nothing has changed'],
  ['UNSTARTABLE', 'A new worker did not get up: the others stay'],
])('a reload that cannot be done (%s) leaves the old workers serving', async (variable, message) => {
  const file = join(tempDir('reload-'), 'there');
  const daemon = await startFixture(['good'], {
    workers: 2,
    env: { RESTART_METHOD: 'reload', [variable]: file },
  });
  await untilRunning(daemon, 2);
  const first = pids(daemon, 'started');
  writeFileSync(file, '');
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(logged(daemon, 'error').map(({ msg }) => msg)).toContain(message), patiently);
  expect(pids(daemon, 'replaced')).toEqual([]);
  rmSync(file);
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(new Set(pids(daemon, 'replaced'))).toEqual(new Set(first)), patiently);
});

test('a new worker that hangs gives way to the next reload', async () => {
  const file = join(tempDir('reload-'), 'there');
  const daemon = await startFixture(['good'], {
    workers: 2,
    env: { RESTART_METHOD: 'reload', HANGING: file },
  });
  await untilRunning(daemon, 2);
  const first = pids(daemon, 'started');
  writeFileSync(file, '');
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(pids(daemon, 'starting')).toHaveLength(3), patiently);
  expect(pids(daemon, 'replaced')).toEqual([]);
  rmSync(file);
  daemon.signal('SIGHUP');
  await vi.waitFor(
    () => expect(logged(daemon, 'info').map(({ msg }) => msg)).toContain('Reloaded'),
    patiently,
  );
  expect(pids(daemon, 'replaced')).toEqual(expect.arrayContaining(first));
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

test('a reload kills a worker whose stop hangs, and goes on', async () => {
  const daemon = await startFixture(['loop-stop'], {
    workers: 2,
    env: { RESTART_METHOD: 'reload', STOP_TIMEOUT: '0.1' },
  });
  await untilRunning(daemon, 2);
  const first = pids(daemon, 'started');
  daemon.signal('SIGHUP');
  await vi.waitFor(
    () => expect(logged(daemon, 'info').map(({ msg }) => msg)).toContain('Reloaded'),
    patiently,
  );
  const killed = logged(daemon, 'error').filter(({ msg }) => msg === 'A worker hangs; killing it');
  expect(new Set(killed.map(({ workerPid }) => workerPid))).toEqual(new Set(first));
});

test('a new worker that dies while its predecessor still drains is replaced at once', async () => {
  const daemon = await startFixture(['hang-stop'], { workers: 2, env: { RESTART_METHOD: 'reload' } });
  await untilRunning(daemon, 2);
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(pids(daemon, 'stopping')).toHaveLength(1), patiently);
  const successor = pids(daemon, 'started')[2] ?? 0;
  process.kill(successor, 'SIGKILL');
  await untilRunning(daemon, 4);
  expect(logged(daemon, 'warn')).toEqual([
    expect.objectContaining({ msg: 'A worker exited', workerPid: successor, restartIn: 0 }),
  ]);
});

test('what runs beside the workers may fail to take over options', async () => {
  const daemon = await startFixture(['good'], { workers: 2, env: { BESIDE: 'fail-reset' } });
  await vi.waitFor(() => expect(logged(daemon, 'info').filter(isWorkerStart)).toHaveLength(2), patiently);
  daemon.signal('SIGHUP');
  await vi.waitFor(() => expect(events(daemon, 'reset s0')).toHaveLength(2), patiently);
  expect(logged(daemon, 'error').map(({ msg }) => msg)).toContain('Could not take over changed options');
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

test("the primary's checks are its workers' checks", async () => {
  const daemon = await startFixture(['sick'], { workers: 2 });
  await untilRunning(daemon, 2);
  daemon.signal('SIGWINCH');
  await vi.waitFor(() => expect(events(daemon, 'check')).toHaveLength(2), patiently);
  expect(events(daemon, 'check')).toEqual(['worker 0 mood: unwell', 'worker 1 mood: unwell']);
});

test('SIGUSR2 has the primary and every worker write a report', async () => {
  const daemon = await startFixture(['good'], { workers: 2 });
  await untilRunning(daemon, 2);
  daemon.signal('SIGUSR2');
  await vi.waitFor(() => expect(events(daemon, 'report')).toHaveLength(3), patiently);
  const reports = events(daemon, 'report').map((line) => JSON.parse(line));
  expect(reports.filter(({ s0 }) => s0?.behaviour === 'good')).toHaveLength(2);
  expect(reports.find(({ launcher }) => launcher.workers)?.launcher.workers).toEqual(
    [0, 1].map((index) => ({ index, pid: expect.any(Number), state: 'running' })),
  );
});
