import { expect, test } from 'vitest';
import { ConcurrencyLimit } from './concurrency-limit.ts';

/** Steps that end when they are told to. */
function stepsOf(limit: ConcurrencyLimit, count: number) {
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const runs = Array.from({ length: count }, (_, n) =>
    limit.run(async () => {
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

test('no more steps than the limit run at once, and the others in their order', async () => {
  const { started, end, runs } = stepsOf(new ConcurrencyLimit(() => 2), 5);
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

test('a step that fails gives its place to the next', async () => {
  const limit = new ConcurrencyLimit(() => 1);
  const failed = limit.run(() => Promise.reject(new Error('no')));
  const next = limit.run(async () => 'yes');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('yes');
});

test('a limit of 0 is none, and a raised one counts when the next step ends', async () => {
  let limit = 1;
  const { started, end } = stepsOf(new ConcurrencyLimit(() => limit), 4);
  await settled();
  limit = 0;
  end(0);
  await settled();
  expect(started).toEqual([0, 1, 2, 3]);
});

test('a step that waits says so again and again, until it runs', async () => {
  const limit = new ConcurrencyLimit(() => 1);
  const { end } = stepsOf(limit, 1);
  let said = 0;
  let stopped = false;
  let enough = () => {};
  const saidEnough = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const waiting = limit.run(
    async () => {
      stopped = true;
    },
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
