import { ServerLost } from '@mini-nova/messaging';
import { RequestContext } from '@mini-nova/service';
import { expect, test, vi } from 'vitest';
import { startWorkerDaemon, type WorkClient } from './support/worker-daemon.ts';

const patiently = { interval: 20 };
const ctxt = new RequestContext();

/** Keeps a number of calls in flight until it is told to stop; returns how each ended. */
function load(client: WorkClient, inFlight: number, ms: number) {
  const pids = new Map<number, number>();
  const errors: unknown[] = [];
  /** Whose calls failed. */
  const unanswered: number[] = [];
  let running = true;
  let sent = 0;
  let answered = 0;
  const caller = async (): Promise<void> => {
    while (running) {
      const number = sent;
      sent += 1;
      try {
        const result = await client.work(ctxt, { ms, number });
        expect(result.number).toBe(number);
        answered += 1;
        pids.set(result.pid, (pids.get(result.pid) ?? 0) + 1);
      } catch (error) {
        errors.push(error);
        unanswered.push(number);
      }
    }
  };
  const callers = Promise.all(Array.from({ length: inFlight }, caller));
  const stop = async () => {
    running = false;
    await callers;
  };
  return { pids, errors, unanswered, stop, count: () => ({ sent, answered }) };
}

test('four workers share the calls to one topic', async () => {
  const { client, said } = await startWorkerDaemon();
  const calls = Array.from({ length: 200 }, () => client.whoami(ctxt));
  const pids = new Set(await Promise.all(calls));
  expect([...pids].sort()).toEqual(
    said('Worker started')
      .map(({ workerPid }) => workerPid)
      .sort(),
  );
});

test('workers killed under 64 calls in flight are replaced, and calls to others are unharmed', async () => {
  const { child, client, said } = await startWorkerDaemon();
  const { pids, errors, unanswered, stop, count } = load(client, 64, 25);
  await vi.waitFor(() => expect(pids.size).toBe(4), patiently);
  const victims = [...pids.keys()].slice(0, 3);
  for (const [index, victim] of victims.entries()) {
    const before = count().answered;
    process.kill(victim, 'SIGKILL');
    await vi.waitFor(() => expect(said('Worker started')).toHaveLength(5 + index), patiently);
    await vi.waitFor(() => expect(count().answered - before).toBeGreaterThan(300), patiently);
  }
  const successor = said('Worker started').at(-1)?.workerPid as number;
  await vi.waitFor(() => expect(pids.get(successor) ?? 0).toBeGreaterThan(0), patiently);
  await stop();
  // Requests that ran in a killed process are lost with it, and their callers are told; nobody else notices.
  expect(errors.filter((error) => !(error instanceof ServerLost))).toEqual([]);
  const worked = [...child.stdout.matchAll(/^worked (\d+) (\d+)$/gm)];
  const ranElsewhere = worked.filter(([, , pid]) => !victims.includes(Number(pid)));
  const numbers = new Set(ranElsewhere.map(([, number]) => Number(number)));
  expect(unanswered.filter((number) => numbers.has(number))).toEqual([]);
});

test('a request that crashes its worker does not reach the next one', async () => {
  const { client, said } = await startWorkerDaemon();
  // Whether the reply still leaves the worker is not promised.
  await client.crash(ctxt).catch(() => {});
  await vi.waitFor(() => expect(said('Worker started')).toHaveLength(5), patiently);
  await Promise.all(Array.from({ length: 200 }, () => client.whoami(ctxt)));
  expect(said('An error was caught nowhere; exiting')).toHaveLength(1);
});

test.each([1, 4])(
  'SIGTERM under load loses no request: each is answered, or was never taken (%d workers)',
  async (workers) => {
    // Until the second is there, nobody consumes the queue: on a busy machine for longer than a call waits by default.
    const first = await startWorkerDaemon({ workers, callMonitorTimeout: 200 });
    const { errors, stop, count } = load(first.client, 64, 5);
    await vi.waitFor(() => expect(count().answered).toBeGreaterThan(300), patiently);
    first.child.signal('SIGTERM');
    expect(await first.child.ended).toBe(0);
    // What was not taken waits in the queue for the next server.
    const second = await startWorkerDaemon({ workers, topic: first.topic });
    await stop();
    const worked = () => [first, second].flatMap(({ child }) => child.stdout.match(/^worked \d+ /gm) ?? []);
    expect(errors).toEqual([]);
    // Their output may still be on its way.
    await vi.waitFor(() => expect(worked().length).toBeGreaterThanOrEqual(count().sent), patiently);
    expect(worked()).toHaveLength(count().sent);
    expect(new Set(worked()).size).toBe(count().sent);
    expect(first.said('Cut requests that had not ended in time')).toEqual([]);
  },
);

test('SIGHUP changes the log level in every worker, and logs it', async () => {
  const { child, client, configure, lines, said } = await startWorkerDaemon();
  const callAll = async () => {
    const pids = await Promise.all(Array.from({ length: 200 }, () => client.whoami(ctxt)));
    return new Set(pids);
  };
  const workers = await callAll();
  expect(workers.size).toBe(4);
  expect(lines().filter(({ level }) => level === 'debug')).toEqual([]);
  configure('debug = yes\nhost = renamed');
  child.signal('SIGHUP');
  await vi.waitFor(() => expect(said('Option changed')).toHaveLength(5), patiently);
  expect(said('Option changed')[0]).toMatchObject({ option: '[DEFAULT] debug', from: 'false', to: 'true' });
  const unchanged = lines().filter(({ option }) => option === '[DEFAULT] host');
  expect(unchanged).toHaveLength(5);
  expect(unchanged[0]).toMatchObject({ level: 'warn', from: 'h', to: 'renamed' });
  expect(await callAll()).toEqual(workers);
  await vi.waitFor(() => {
    expect(new Set(said('RPC served').map(({ pid }) => pid))).toEqual(workers);
  }, patiently);
  expect(said('RPC served')[0]).toMatchObject({
    method: 'whoami',
    request_id: ctxt.request_id,
    elapsed_ms: expect.any(Number),
  });
  configure('debug = no');
  child.signal('SIGHUP');
  await vi.waitFor(() => expect(said('Option changed')).toHaveLength(10), patiently);
  const before = said('RPC served').length;
  await callAll();
  expect(said('RPC served')).toHaveLength(before);
});

test.each([1, 4])(
  'a handler that hangs is cut at the graceful timeout and named in the log (%d workers)',
  async (workers) => {
    const { child, client, said } = await startWorkerDaemon({
      workers,
      configuration: 'graceful_shutdown_timeout = 1',
    });
    const refused = expect(client.hang(ctxt)).rejects.toThrow(ServerLost);
    await child.waitForLine(/^hanging/);
    const start = performance.now();
    child.signal('SIGTERM');
    expect(await child.ended).toBe(1);
    expect(performance.now() - start).toBeGreaterThan(1000);
    await refused;
    expect(said('Cut requests that had not ended in time')).toEqual([
      expect.objectContaining({
        requests: [expect.objectContaining({ method: 'hang', request_id: ctxt.request_id })],
      }),
    ]);
  },
);

test('SIGINT does not wait for running requests', async () => {
  const { child, client } = await startWorkerDaemon({ workers: 1 });
  const refused = expect(client.hang(ctxt)).rejects.toThrow(ServerLost);
  await child.waitForLine(/^hanging/);
  child.signal('SIGINT');
  expect(await child.ended).toBe(0);
  await refused;
});

test('SIGINT does not wait for a worker that was already draining either', async () => {
  const { child, client, said } = await startWorkerDaemon({ workers: 2 });
  const refused = expect(client.hang(ctxt)).rejects.toThrow(ServerLost);
  const [, worker] = (await child.waitForLine(/^hanging/)).split(' ');
  process.kill(Number(worker), 'SIGTERM');
  await vi.waitFor(() => expect(said('Service stopping')).toHaveLength(1), patiently);
  child.signal('SIGINT');
  expect(await child.ended).toBe(0);
  await refused;
});

test('SIGUSR2 reports the handlers that run, in each worker', async () => {
  const { child, client, said } = await startWorkerDaemon({ workers: 2 });
  client.hang(ctxt).catch(() => {});
  await child.waitForLine(/^hanging/);
  child.signal('SIGUSR2');
  await vi.waitFor(() => expect(said('Guru Meditation report')).toHaveLength(3), patiently);
  const running = said('Guru Meditation report').flatMap(
    ({ report }) =>
      (report as Record<string, { handlers_running?: unknown[] }>)['worker-daemon']?.handlers_running ?? [],
  );
  expect(running).toEqual([expect.objectContaining({ method: 'hang', request_id: ctxt.request_id })]);
  expect(child.stderr).not.toContain('guest:guest');
});

test('a configuration file that others can read gives one warning, however many workers there are', async () => {
  const { child, configure, said } = await startWorkerDaemon({ workers: 2 });
  configure('debug = yes', 0o644);
  child.signal('SIGHUP');
  await vi.waitFor(() => expect(said('Option changed')).toHaveLength(3), patiently);
  expect(said('Configuration')).toEqual([
    expect.objectContaining({ level: 'warn', warning: expect.stringContaining('chmod 640') }),
  ]);
});
