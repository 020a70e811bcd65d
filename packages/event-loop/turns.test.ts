import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

/** Longer than a slice of 1 ms. */
function work(): void {
  const end = performance.now() + 2;
  while (performance.now() < end);
}

const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve));

test('new work runs in its order, each when what the one before does at once is done', async () => {
  const turns = new Turns(4);
  const log: string[] = [];
  await new Promise<void>((resolve) => {
    for (const name of ['a', 'b']) {
      turns.start(async () => {
        log.push(`${name} begins`);
        for (let n = 0; n < 10; n += 1) await undefined;
        work();
        log.push(`${name} ends`);
      });
    }
    turns.start(resolve);
    expect(log).toEqual([]);
  });
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

test('others have their turn after each slice, however much waits', async () => {
  const turns = new Turns(1);
  let done = 0;
  let atTurn: number[] = [];
  const watch = (): void => {
    atTurn = [...atTurn, done];
    if (done < 100) setImmediate(watch);
  };
  for (let n = 0; n < 100; n += 1) {
    turns.start(() => {
      work();
      done += 1;
    });
  }
  setImmediate(watch);
  while (done < 100) await turnOfLoop();
  const steps = atTurn.map((count, index) => count - (atTurn[index - 1] ?? 0));
  expect(Math.max(...steps)).toBeLessThanOrEqual(1);
});

test('a chain of promises that pauses lets others have their turn', async () => {
  const turns = new Turns(1);
  let turnsOfLoop = 0;
  let isOver = false;
  const watch = (): void => {
    turnsOfLoop += 1;
    if (!isOver) setImmediate(watch);
  };
  setImmediate(watch);
  for (let n = 0; n < 50; n += 1) {
    await turns.pause();
    work();
  }
  isOver = true;
  expect(turnsOfLoop).toBeGreaterThanOrEqual(49);
});

test('nobody waits while the slice is not used up', () => {
  const turns = new Turns(60_000);
  expect([turns.pause(), turns.begin(), turns.pause()]).toEqual([undefined, undefined, undefined]);
});

test('a turn is free until its slice is used up, and while nothing waits', async () => {
  const turns = new Turns(1);
  expect(turns.isFree).toBe(true);
  work();
  expect(turns.isFree).toBe(false);
  await turnOfLoop();
  expect(turns.isFree).toBe(true);
  turns.start(() => {});
  expect(turns.isFree).toBe(false);
});

test('work under way waits for a new one or two each time, however much new work there is', async () => {
  const turns = new Turns(1);
  let started = 0;
  for (let n = 0; n < 100; n += 1) {
    turns.start(() => {
      work();
      started += 1;
    });
  }
  turns.pause();
  work();
  for (let n = 0; n < 5; n += 1) {
    const before = started;
    await turns.pause();
    work();
    expect(started - before).toBeLessThanOrEqual(2);
  }
});

test('turns that are skipped are used now and then', async () => {
  const turns = new Turns(1);
  let isDone = false;
  turns.start(() => {
    isDone = true;
  });
  let skipped = 0;
  while (!isDone) {
    turns.skip();
    await turnOfLoop();
    skipped += 1;
  }
  expect(skipped).toBeGreaterThan(5);
});

test('new work does not run in the asynchronous context of whoever came first', async () => {
  const storage = new AsyncLocalStorage<string>();
  const turns = new Turns();
  const seen: unknown[] = [];
  await storage.run('somebody', async () => {
    turns.pause();
    await new Promise<void>((resolve) => {
      turns.start(() => seen.push(storage.getStore()));
      turns.start(resolve);
    });
    seen.push(storage.getStore());
  });
  expect(seen).toEqual([undefined, 'somebody']);
});
