import { afterEach, describe, expect, test, vi } from 'vitest';
import { clockOf, DatabaseClock, databaseTimestamp } from './index.ts';
import { openParts } from './test/parts.ts';

afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;

/** A clock that is ahead by so many ms of the machine's, as `apart` says at the time. */
function clockApart(apart: { ms: number }): DatabaseClock {
  return new DatabaseClock(async () => Date.now() + apart.ms);
}

describe("the database's clock", () => {
  test("is the machine's until it is read", () => {
    const clock = clockApart({ ms: HOUR });
    expect(clock.ahead).toBeNull();
    expect(Math.abs(clock.now().getTime() - Date.now())).toBeLessThan(1000);
  });

  test.each([1500, -2500, HOUR, -24 * HOUR])('is followed when it is %d ms ahead', async (ms) => {
    const clock = clockApart({ ms });
    await clock.measure();
    expect(clock.ahead).toBeCloseTo(-ms / 1000, 0);
    expect(Math.abs(clock.now().getTime() - Date.now() - ms)).toBeLessThan(1000);
  });

  test('counts as equal when no difference can be told', async () => {
    const clock = clockApart({ ms: 0 });
    await clock.measure();
    expect(clock.ahead).toBe(0);
  });

  test("goes on when the machine's clock is set", async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const clock = clockApart({ ms: 5000 });
    await clock.measure();
    const before = clock.now().getTime();
    vi.setSystemTime(Date.now() + HOUR);
    expect(clock.now().getTime() - before).toBeLessThan(1000);
  });

  test('is not steady for a while after it was set, and no more after that', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const apart = { ms: 0 };
    const clock = clockApart(apart);
    await clock.measure();
    expect(clock.isSteady(300)).toBe(true);
    apart.ms = HOUR;
    await clock.measure();
    expect(clock.isSteady(300)).toBe(false);
    vi.advanceTimersByTime(301_000);
    await clock.measure();
    expect(clock.isSteady(300)).toBe(true);
  });

  test('is the same in a transaction', async () => {
    const db = await openParts();
    await db.transaction(async (trx) => {
      expect(clockOf(trx)).toBe(db.clock);
      expect(databaseTimestamp(trx)).toMatch(/^\d{4}-.*Z$/);
    });
    await db.close();
  });

  test('is asked once by those who ask at one time', async () => {
    const ask = vi.fn(async () => Date.now());
    const clock = new DatabaseClock(ask);
    await Promise.all([clock.measure(), clock.measure()]);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});

test('pardons those who have to write now and then what an outage kept them from, until all had time to do it', () => {
  const ago = (seconds: number) => performance.now() - seconds * 1000;
  const clock = new DatabaseClock(undefined, () => ({ since: ago(90), until: ago(30) }));
  expect(clock.pardon(60)).toBeCloseTo(90, 0);
  expect(clock.pardon(20)).toBe(0);
  expect(new DatabaseClock().pardon(60)).toBe(0);
});
