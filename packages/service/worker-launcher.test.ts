import { expect, test, vi } from 'vitest';
import { logged, pids, startFixture } from './test/fixture-daemon.ts';

// Each test starts several Node.js processes.
vi.setConfig({ testTimeout: 30_000 });
const patiently = { timeout: 20_000, interval: 20 };

test('each worker runs the service, and the primary does not even make it', async () => {
  const daemon = await startFixture(['good'], { workers: 3 });
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(3), patiently);
  expect(new Set(pids(daemon, 'started')).size).toBe(3);
  expect(pids(daemon, 'created')).not.toContain(daemon.pid);
  expect(pids(daemon, 'serving')).toContain(daemon.pid);
});

test.each([
  ['SIGTERM', 'process'],
  ['SIGINT', 'process'],
  // A terminal's Ctrl-C and a service manager's stop go to the workers, too, which then are told twice.
  ['SIGTERM', 'group'],
  ['SIGINT', 'group'],
] as const)('%s to the %s stops the workers in order, and exits with 0', async (signal, whom) => {
  const daemon = await startFixture(['slow-stop'], { workers: 2 });
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(2), patiently);
  daemon.signal(signal, whom);
  expect(await daemon.ended).toBe(0);
  expect(pids(daemon, 'stopped')).toHaveLength(2);
});

test('a worker that dies is replaced', async () => {
  const daemon = await startFixture(['good'], { workers: 2 });
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(2), patiently);
  const [victim = 0] = pids(daemon, 'started');
  process.kill(victim, 'SIGKILL');
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(3), patiently);
  expect(logged(daemon, 'warn')).toEqual([
    expect.objectContaining({ msg: 'A worker exited', signal: 'SIGKILL' }),
  ]);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(pids(daemon, 'stopped')).toHaveLength(2);
});

test('a worker that crashes again and again is replaced with growing delays', async () => {
  const daemon = await startFixture(['throw'], { workers: 2 });
  const delays = () =>
    logged(daemon, 'warn').flatMap(({ worker, restartIn }) => (worker === 0 ? [restartIn] : []));
  await vi.waitFor(() => expect(delays().length).toBeGreaterThanOrEqual(3), patiently);
  expect(delays().slice(0, 3)).toEqual([0.05, 0.1, 0.2]);
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
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(2), patiently);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(1);
});

test('a second signal kills the workers and exits with 1 at once', async () => {
  const daemon = await startFixture(['hang-stop'], { workers: 2 });
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(2), patiently);
  daemon.signal('SIGTERM');
  await vi.waitFor(() => expect(pids(daemon, 'stopping')).toHaveLength(2), patiently);
  daemon.signal('SIGTERM');
  // It has ended only when no worker holds its output any more.
  expect(await daemon.ended).toBe(1);
});

test('workers whose primary was killed stop in order', async () => {
  const daemon = await startFixture(['slow-stop'], { workers: 2 });
  await vi.waitFor(() => expect(pids(daemon, 'started')).toHaveLength(2), patiently);
  daemon.signal('SIGKILL');
  expect(await daemon.ended).toBe('SIGKILL');
  expect(pids(daemon, 'stopped')).toHaveLength(2);
});
