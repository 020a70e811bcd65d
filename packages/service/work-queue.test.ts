import { CallCancelled, MessagingTimeout, Overloaded } from '@mini-nova/messaging';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WorkQueue } from './work-queue.ts';

/** A step that ends when it is told to. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** A caller that can leave and has so many milliseconds left. */
function caller(timeLeft: number | null = null) {
  const controller = new AbortController();
  return { signal: controller.signal, timeLeft, leave: () => controller.abort(new CallCancelled('gone')) };
}

/** Lets everything proceed that can. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A queue whose only place is taken until `open` is called. */
function busyQueue(options: { limit?: () => number } = {}) {
  const queue = new WorkQueue({ name: 'scheduler', ...options });
  const { opened, open } = gate();
  const first = queue.run(() => opened);
  return { queue, open, first };
}

/** Runs a step for each gate: it says that it has started, and ends, or fails, when its gate is open. */
function runAll(
  queue: WorkQueue,
  gates: readonly ReturnType<typeof gate>[],
  { onStart, onEnd = () => {} }: { onStart(n: number): void; onEnd?(n: number): void },
) {
  return gates.map(({ opened }, n) =>
    queue.run(async () => {
      onStart(n);
      await opened;
      onEnd(n);
    }),
  );
}

it('runs steps in order, as many at once as its width', async () => {
  let width = 2;
  const queue = new WorkQueue({ name: 'q', width: () => width });
  const gates = Array.from({ length: 5 }, gate);
  const started: number[] = [];
  const runs = runAll(queue, gates, {
    onStart: (n) => started.push(n),
    onEnd: (n) => {
      if (n === 0) throw new Error('failed');
    },
  });
  runs[0]?.catch(() => {});
  await settle();
  expect(started).toEqual([0, 1]);
  gates[0]?.open();
  await settle();
  expect(started).toEqual([0, 1, 2]);
  width = 3;
  gates[1]?.open();
  await settle();
  expect(started).toEqual([0, 1, 2, 3, 4]);
  for (const { open } of gates) open();
  await Promise.allSettled(runs);
  expect(queue.isBusy).toBe(false);
});

it('gives the places of slow steps to others, up to a number of slow ones', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const queue = new WorkQueue({ name: 'q', width: () => 2, slow: { after: 20, most: 3 } });
  const later = async (milliseconds: number) => {
    vi.advanceTimersByTime(milliseconds);
    await settle();
  };
  const gates = Array.from({ length: 7 }, gate);
  const started: number[] = [];
  const runs = runAll(queue, gates, { onStart: (n) => started.push(n) });
  await settle();
  expect(started).toEqual([0, 1]);
  await later(20);
  expect(started).toEqual([0, 1, 2, 3]);
  await later(20);
  // Three are slow, and two more would be.
  expect(started).toEqual([0, 1, 2, 3, 4]);
  await later(100);
  expect([started.length, queue.isBusy]).toEqual([5, true]);
  gates[0]?.open();
  await settle();
  await later(20);
  expect(started).toHaveLength(6);
  for (const { open } of gates) open();
  await Promise.all(runs);
  expect([started.length, queue.isBusy]).toEqual([7, false]);
  // Nothing is left of those that were slow.
  const again = Array.from({ length: 3 }, gate);
  const last = runAll(queue, again, { onStart: (n) => started.push(10 + n) });
  await settle();
  expect(started.slice(7)).toEqual([10, 11]);
  for (const { open } of again) open();
  await Promise.all(last);
});

it('does not run a step whose caller had given up before it came', async () => {
  const queue = new WorkQueue({ name: 'q' });
  const gone = caller();
  gone.leave();
  let runs = 0;
  const step = async () => ++runs;

  await expect(queue.run(step, gone)).rejects.toBeInstanceOf(CallCancelled);
  await expect(queue.run(step, caller(0))).rejects.toBeInstanceOf(MessagingTimeout);

  expect([runs, queue.isBusy]).toEqual([0, false]);
});

it('drops steps at once when their callers leave while they wait', async () => {
  const { queue, open, first } = busyQueue({ limit: () => 1 });
  const leaving = caller();
  let runs = 0;
  const second = queue.run(async () => ++runs, leaving);
  leaving.leave();
  await expect(second).rejects.toBeInstanceOf(CallCancelled);
  // Its place in the queue is free.
  const third = queue.run(async () => 'third', caller());
  open();
  await first;

  expect(await third).toBe('third');
  expect(runs).toBe(0);
});

it('does not run a step past its deadline, even if no timer has fired yet', async () => {
  const { queue, open } = busyQueue();
  const late = { signal: new AbortController().signal, timeLeft: 1000 };
  const second = queue.run(async () => 'late', late);
  late.timeLeft = -1;
  open();

  await expect(second).rejects.toBeInstanceOf(MessagingTimeout);
  expect(queue.isBusy).toBe(false);
});

it('refuses steps beyond its limit, and takes more when there is room', async () => {
  let limit = 1;
  const { queue, open } = busyQueue({ limit: () => limit });
  const waiting = queue.run(async () => 'waited');
  const refused = await queue.run(async () => 'never').catch((error: unknown) => error);
  limit = 2;
  const another = queue.run(async () => 'waited, too');
  open();

  expect(refused).toBeInstanceOf(Overloaded);
  expect(refused).toMatchObject({ code: 'OVERLOADED', what: 'scheduler', limit: 1, unit: 'requests' });
  expect(await Promise.all([waiting, another])).toEqual(['waited', 'waited, too']);
});

it('refuses those who would give up before their turn, and says when to come back', async () => {
  const queue = new WorkQueue({ name: 'scheduler', limit: () => 100 });
  await queue.run(() => new Promise((resolve) => setTimeout(resolve, 50)));
  const { opened, open } = gate();
  const running = queue.run(() => opened);
  const waiting = [1, 2, 3].map(() => queue.run(async () => {}));

  const refused = await queue.run(async () => 'never', caller(5)).catch((error: unknown) => error);
  const patient = queue.run(async () => 'in time', caller(3_600_000));
  open();

  expect(refused).toBeInstanceOf(Overloaded);
  expect((refused as Overloaded).retryAfter).toBeGreaterThan(0.1);
  expect(await patient).toBe('in time');
  await Promise.all([running, ...waiting]);
});

/** Steps that end when they are told to. */
function severalSteps(queue: WorkQueue, count: number) {
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const runs = Array.from({ length: count }, (_, n) =>
    queue.run(async () => {
      started.push(n);
      await new Promise<void>((resolve) => {
        ends[n] = resolve;
      });
      return n;
    }),
  );
  return { started, end: (n: number) => ends[n]?.(), runs };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('no more steps than the limit run at once, and the others in their order', async () => {
  const { started, end, runs } = severalSteps(new WorkQueue({ name: 'steps', width: () => 2 }), 5);
  await settled();
  expect(started).toEqual([0, 1]);
  end(1);
  await settled();
  expect(started).toEqual([0, 1, 2]);
  for (const n of [0, 2, 3, 4]) {
    end(n);
    await settled();
  }
  expect(started).toEqual([0, 1, 2, 3, 4]);
  expect(await Promise.all(runs)).toEqual([0, 1, 2, 3, 4]);
});

it('a step that fails gives its place to the next', async () => {
  const queue = new WorkQueue({ name: 'steps', width: () => 1 });
  const failed = queue.run(() => Promise.reject(new Error('no')));
  const next = queue.run(async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

it('a limit of 0 is none, and a raised one counts when the next step ends', async () => {
  let limit = 1;
  const { started, end } = severalSteps(new WorkQueue({ name: 'steps', width: () => limit }), 4);
  await settled();
  limit = 0;
  end(0);
  await settled();
  expect(started).toEqual([0, 1, 2, 3]);
});

it('nobody is refused when the width becomes unlimited while others wait', async () => {
  let width = 1;
  const queue = new WorkQueue({ name: 'steps', width: () => width, limit: () => 1 });
  await queue.run(settled);
  const { started, end, runs } = severalSteps(queue, 2);
  await settled();
  expect(started).toEqual([0]);
  width = 0;

  expect(await queue.run(async () => 'at once', caller(5))).toBe('at once');
  expect(started).toEqual([0, 1]);
  end(0);
  end(1);
  await Promise.all(runs);
});

const UNCOUNTABLE = [-1, 0.5, Number.NaN, Number.NEGATIVE_INFINITY];

it.each(UNCOUNTABLE)('a width of %d is refused, and so is a function that gives it', async (width) => {
  expect(() => new WorkQueue({ name: 'steps', width })).toThrow(RangeError);

  const queue = new WorkQueue({ name: 'steps', width: () => width });
  const refused = `The width of steps must be a whole number from 0 on, but is ${width}`;
  await expect(queue.run(async () => {})).rejects.toThrow(new RangeError(refused));
});

it.each(UNCOUNTABLE)('a limit of %d is refused', async (limit) => {
  const { queue, open, first } = busyQueue({ limit: () => limit });
  const refused = `The limit of scheduler must be a whole number from 0 on, but is ${limit}`;
  await expect(queue.run(async () => {})).rejects.toThrow(new RangeError(refused));
  open();
  await first;
});

it('a step that waits says so again and again, until it runs', async () => {
  const queue = new WorkQueue({ name: 'steps', width: () => 1 });
  const { end } = severalSteps(queue, 1);
  let said = 0;
  let stopped = false;
  let enough = () => {};
  const saidEnough = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const waiting = queue.run(
    async () => {
      stopped = true;
    },
    undefined,
    {
      every: 0.005,
      say: async () => {
        expect(stopped).toBe(false);
        said += 1;
        if (said === 3) enough();
        throw new Error('cannot be said');
      },
    },
  );
  await settled();
  await saidEnough;
  end(0);
  await waiting;
  expect(said).toBeGreaterThanOrEqual(3);
});
