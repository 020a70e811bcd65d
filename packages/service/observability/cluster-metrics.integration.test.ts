import { expect, test, vi } from 'vitest';
import { figuresOf } from '../test/figures.ts';
import { startNode } from '../test/fixture-daemon.ts';

const FIXTURE = new URL('../test/fixtures/metrics-cluster.mjs', import.meta.url).pathname;
const SERVED = 'nova_rpc_server_duration_seconds_count{method="greet",kind="call"}';
const RUNNING = 'nova_rpc_server_in_flight';
const HEARTBEAT = 'nova_service_heartbeat_timestamp_seconds';
const ANSWERING = 'nova_workers{state="answering"}';
const SILENT = 'nova_workers{state="silent"}';

/** @param timeout seconds in which workers must answer */
async function start(workers: number, timeout = 1, ...more: string[]) {
  const child = await startNode([FIXTURE, String(workers), String(timeout), ...more]);
  const [, port] = (await child.waitForLine(/^port /)).split(' ');
  const pids: number[] = [];
  for (let number = 1; number <= workers; number += 1) {
    const line = await child.waitForLine(new RegExp(`^worker \\d+ ${number}$`));
    pids.push(Number(line.split(' ')[1]));
  }
  const scrape = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/metrics`);
    expect(response.status, child.output).toBe(200);
    return figuresOf(await response.text());
  };
  return { child, pids, scrape };
}

function signal(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) throw new Error('there is no such worker');
  process.kill(pid, name);
}

const seen = (figures: Map<string, number>, ...names: string[]) => names.map((name) => figures.get(name));

test("all workers' figures are combined: sums, the oldest heartbeat, the worst delay", async () => {
  const { scrape } = await start(3, 60);
  const figures = await scrape();
  expect(seen(figures, SERVED, RUNNING, HEARTBEAT, ANSWERING, SILENT)).toEqual([111, 3, 1, 3, 0]);
  expect(figures.get('nova_rpc_queue_wait_seconds_bucket{le="+Inf",method="greet"}')).toBe(111);
  expect(figures.get('nova_rpc_queue_wait_seconds_bucket{le="0.0025",method="greet"}')).toBe(0);
  expect(figures.get('nova_periodic_task_errors_total{task="sync"}')).toBe(0);
  expect(figures.get('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0);
  // Four processes.
  expect(figures.get('process_resident_memory_bytes')).toBeGreaterThan(4 * 25e6);
});

test('a worker that hangs costs only the figures of its present state', async () => {
  const { pids, scrape } = await start(3);
  signal(pids[1], 'SIGSTOP');
  // What it had counted is kept; what it is doing now is unknown. The others may be late once, too.
  await vi.waitFor(async () =>
    expect(seen(await scrape(), SERVED, RUNNING, ANSWERING, SILENT)).toEqual([111, 2, 2, 1]),
  );
  signal(pids[1], 'SIGCONT');
  await vi.waitFor(async () =>
    expect(seen(await scrape(), SERVED, RUNNING, ANSWERING, SILENT)).toEqual([111, 3, 3, 0]),
  );
});

test('a worker that cannot answer yet is not waited for', async () => {
  const { child, scrape } = await start(2, 20, 'mute');
  await child.waitForLine(/^mute /);
  expect(seen(await scrape(), SERVED, RUNNING, ANSWERING, SILENT)).toEqual([11, 2, 2, 1]);
});

test('a worker that is killed leaves what it had counted, once', async () => {
  const { pids, scrape } = await start(3, 60);
  await scrape();
  signal(pids[1], 'SIGKILL');
  await vi.waitFor(async () => expect(seen(await scrape(), ANSWERING, SILENT)).toEqual([2, 0]));
  expect(seen(await scrape(), SERVED, RUNNING, HEARTBEAT)).toEqual([111, 2, 1]);
  signal(pids[0], 'SIGKILL');
  await vi.waitFor(async () => expect(seen(await scrape(), ANSWERING, SILENT)).toEqual([1, 0]));
  expect(seen(await scrape(), SERVED, RUNNING, HEARTBEAT)).toEqual([111, 1, 3]);
});

test('a worker that is killed while it is asked is not waited for', async () => {
  const { pids, scrape } = await start(2, 20);
  await scrape();
  signal(pids[1], 'SIGSTOP');
  const scraped = scrape();
  signal(pids[1], 'SIGKILL');
  expect(seen(await scraped, SERVED, RUNNING)).toEqual([11, 1]);
});

test('a worker that stops leaves what it had counted, even since it was last asked', async () => {
  const { pids, scrape } = await start(3, 60);
  signal(pids[2], 'SIGTERM');
  await vi.waitFor(async () => expect(seen(await scrape(), ANSWERING, SILENT)).toEqual([2, 0]));
  // It served one more request when it was told to stop.
  expect(seen(await scrape(), SERVED, RUNNING)).toEqual([112, 2]);
});

test('without any worker, the primary shows its own', async () => {
  const { scrape } = await start(0);
  const figures = await scrape();
  expect(seen(figures, SERVED, ANSWERING, SILENT)).toEqual([undefined, 0, 0]);
  expect(figures.get('process_resident_memory_bytes')).toBeGreaterThan(25e6);
});
