import { silentLogger } from '@mini-nova/messaging';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  currentContext,
  type PeriodicTask,
  PeriodicTasks,
  type RequestContext,
  type TaskEvent,
} from './index.ts';
import { RecordingLogger } from './test/recording-logger.ts';

beforeEach(() => {
  vi.useFakeTimers();
  // No jitter, unless a test wants it.
  vi.spyOn(Math, 'random').mockReturnValue(0);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Starts tasks; what they return stops them. */
function start(tasks: PeriodicTask[], options: { fuzzyDelay?: number; logger?: RecordingLogger } = {}) {
  const { fuzzyDelay = 0, logger = silentLogger } = options;
  const periodic = new PeriodicTasks(tasks, { fuzzyDelay, logger });
  periodic.start();
  return periodic;
}

const seconds = (count: number) => vi.advanceTimersByTimeAsync(count * 1000);

test('a task runs once per spacing', async () => {
  const run = vi.fn(async () => {});
  start([{ name: 't', spacing: 10, run }]);
  await seconds(9.9);
  expect(run).toHaveBeenCalledTimes(0);
  await seconds(0.2);
  expect(run).toHaveBeenCalledTimes(1);
  await seconds(30);
  expect(run).toHaveBeenCalledTimes(4);
});

test('runImmediately skips the first spacing', async () => {
  const run = vi.fn(async () => {});
  start([{ name: 't', spacing: 10, runImmediately: true, run }]);
  await seconds(0.1);
  expect(run).toHaveBeenCalledTimes(1);
  await seconds(10);
  expect(run).toHaveBeenCalledTimes(2);
});

test('all tasks wait for a random part of the fuzzy delay first', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const run = vi.fn(async () => {});
  start([{ name: 't', spacing: 10, runImmediately: true, run }], { fuzzyDelay: 60 });
  await seconds(29);
  expect(run).toHaveBeenCalledTimes(0);
  await seconds(2);
  expect(run).toHaveBeenCalledTimes(1);
});

test('a task may have a shorter random delay of its own', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const [soon, later] = [vi.fn(async () => {}), vi.fn(async () => {})];
  start(
    [
      { name: 'soon', spacing: 10, runImmediately: true, fuzzyDelay: 10, run: soon },
      { name: 'later', spacing: 10, runImmediately: true, fuzzyDelay: 100, run: later },
    ],
    { fuzzyDelay: 60 },
  );
  await seconds(6);
  expect(soon).toHaveBeenCalledTimes(1);
  await seconds(23);
  expect(later).toHaveBeenCalledTimes(0);
});

test('a task never overlaps itself, and others do not wait for it', async () => {
  let running = 0;
  let most = 0;
  const slow = vi.fn(async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 25_000));
    running -= 1;
  });
  const quick = vi.fn(async () => {});
  start([
    { name: 'slow', spacing: 10, run: slow },
    { name: 'quick', spacing: 10, run: quick },
  ]);
  await seconds(61);
  expect(most).toBe(1);
  expect(slow).toHaveBeenCalledTimes(3);
  expect(quick).toHaveBeenCalledTimes(6);
});

test('a task with a spacing below 0 never runs', async () => {
  const run = vi.fn(async () => {});
  start([{ name: 't', spacing: -1, runImmediately: true, run }]);
  await seconds(3600);
  expect(run).not.toHaveBeenCalled();
});

test('a task with a spacing of months does not run at once', async () => {
  const run = vi.fn(async () => {});
  start([{ name: 't', spacing: 100 * 86_400, run }]);
  await seconds(3600);
  expect(run).not.toHaveBeenCalled();
});

test('a failed run is logged, and the task goes on', async () => {
  const logger = new RecordingLogger();
  const run = vi.fn(async () => {
    throw new Error('no disk');
  });
  start([{ name: 'cleaning', spacing: 10, run }], { logger });
  await seconds(21);
  expect(run).toHaveBeenCalledTimes(2);
  expect(logger.lines).toHaveLength(2);
  expect(logger.lines[0]).toMatchObject({
    level: 'error',
    data: { task: 'cleaning', err: expect.objectContaining({ message: 'no disk' }) },
  });
});

test("each run is a request of its own, with an administrator's rights", async () => {
  const seen: RequestContext[] = [];
  const run = async (ctxt: RequestContext) => {
    expect(currentContext()).toBe(ctxt);
    seen.push(ctxt);
  };
  start([{ name: 't', spacing: 10, run }]);
  await seconds(21);
  expect(seen.map(({ is_admin }) => is_admin)).toEqual([true, true]);
  expect(seen[0]?.request_id).not.toBe(seen[1]?.request_id);
});

test('after stop no run starts, and wait resolves when the running one has ended', async () => {
  let finish = () => {};
  const run = vi.fn(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  const periodic = start([{ name: 't', spacing: 10, run }]);
  await seconds(10);
  periodic.stop();
  let ended = false;
  const waiting = periodic.wait().then(() => {
    ended = true;
  });
  await seconds(100);
  expect(ended).toBe(false);
  finish();
  await waiting;
  await seconds(100);
  expect(run).toHaveBeenCalledTimes(1);
});

test('tasks that are stopped before they start do not start', async () => {
  const run = vi.fn(async () => {});
  const periodic = new PeriodicTasks([{ name: 't', spacing: 1, run }], {
    fuzzyDelay: 0,
    logger: silentLogger,
  });
  periodic.stop();
  periodic.start();
  await seconds(10);
  expect(run).not.toHaveBeenCalled();
});

test('a task with spacing 0 runs every minute, as in oslo.service', async () => {
  const run = vi.fn(async () => {});
  start([{ name: 't', spacing: 0, run }]);
  await seconds(181);
  expect(run).toHaveBeenCalledTimes(3);
});

test('each wait after a run is longer by a random part of the jitter', async () => {
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
  const some = vi.fn(async () => {});
  const none = vi.fn(async () => {});
  start([
    { name: 'some', spacing: 100, jitter: 0.2, run: some },
    { name: 'none', spacing: 100, jitter: 0, run: none },
  ]);
  await seconds(205);
  expect(some).toHaveBeenCalledTimes(1);
  expect(none).toHaveBeenCalledTimes(2);
  await seconds(6);
  expect(some).toHaveBeenCalledTimes(2);
});

test.each([
  [false, 0],
  [true, 1],
])(
  'with runExternal %s a task that another process may run for all runs %d times',
  async (runExternal, times) => {
    const run = vi.fn(async () => {});
    const tasks = [{ name: 't', spacing: 10, externalProcessOk: true, run }];
    new PeriodicTasks(tasks, { fuzzyDelay: 0, runExternal, logger: silentLogger }).start();
    await seconds(11);
    expect(run).toHaveBeenCalledTimes(times);
  },
);

test('a new spacing counts from when the wait began, even when it turns a task off or on', async () => {
  const run = vi.fn(async () => {});
  const task = { name: 't', spacing: 100, run };
  const periodic = start([task]);
  await seconds(20);
  periodic.reset([{ ...task, spacing: 30 }]);
  await seconds(9);
  expect(run).toHaveBeenCalledTimes(0);
  await seconds(2);
  expect(run).toHaveBeenCalledTimes(1);
  periodic.reset([{ ...task, spacing: -1 }]);
  await seconds(1000);
  expect(run).toHaveBeenCalledTimes(1);
  // It has waited long enough.
  periodic.reset([{ ...task, spacing: 10 }]);
  await seconds(21);
  expect(run).toHaveBeenCalledTimes(4);
});

test('a new spacing that comes while the task runs does not make it overlap itself', async () => {
  let running = 0;
  let most = 0;
  const run = vi.fn(async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    running -= 1;
  });
  const task = { name: 't', spacing: 10, run };
  const periodic = start([task]);
  await seconds(11);
  periodic.reset([{ ...task, spacing: 1 }]);
  await seconds(60);
  expect(most).toBe(1);
  expect(run.mock.calls.length).toBeGreaterThanOrEqual(3);
});

test('runs and errors are counted, observed and shown in the report', async () => {
  const events: TaskEvent[] = [];
  const outcomes = [undefined, new Error('no disk')];
  const run = async () => {
    await new Promise((resolve) => setTimeout(resolve, 2000));
    const outcome = outcomes.shift();
    if (outcome) throw outcome;
  };
  const periodic = new PeriodicTasks(
    [
      { name: 'cleaning', spacing: 10, run },
      { name: 'off', spacing: -1, run },
    ],
    { fuzzyDelay: 0, logger: new RecordingLogger(), onRun: (event) => events.push(event) },
  );
  periodic.start();
  await seconds(22.5);
  expect(events).toEqual([
    { task: 'cleaning', duration: 2 },
    { task: 'cleaning', duration: 2, error: new Error('no disk') },
  ]);
  expect(periodic.report()).toEqual({
    cleaning: expect.objectContaining({
      spacing: 10,
      enabled: true,
      running: false,
      runs: 2,
      errors: 1,
      last_seconds: 2,
      last_error: 'Error: no disk',
    }),
    off: expect.objectContaining({ enabled: false, runs: 0, next: null }),
  });
  await seconds(8);
  expect(periodic.running).toEqual(['cleaning']);
});

test('two tasks of one name are refused', () => {
  const task = { name: 't', spacing: 1, run: async () => {} };
  expect(() => new PeriodicTasks([task, task], { fuzzyDelay: 0, logger: silentLogger })).toThrow(TypeError);
});
