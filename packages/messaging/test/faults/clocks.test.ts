import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir, wrongClock } from '@mini-nova/testing';
import { describe, expect, test, vi } from 'vitest';
import { faultBench } from './support/fault-bench.ts';

const bench = faultBench();

const HOUR = 3600;
const DAY = 24 * HOUR;
/** By how many seconds two clocks differ, and a timeout that is shorter. */
const CASES = [
  [1.5, 1.4],
  [2.5, 2.1],
  [HOUR, 30],
  [DAY, 30],
] as const;

describe.each(CASES.flatMap(([apart, timeout]) => [[-apart, timeout] as const, [apart, timeout] as const]))(
  "a server's clock that is %d s ahead of its caller's",
  (apart, timeout) => {
    test.each([
      ['on one machine', false],
      ['on another', true],
    ])('keeps no call from its answer, %s', async (_where, monotonic) => {
      const { ledger } = bench();
      await bench().spawn({ server: 'host1', env: await wrongClock(apart, { monotonic }) });
      const caller = bench().client();
      expect(await ledger.call(caller, 'echo', { value: 1 }, 2 * DAY)).toBe(1);

      const before = Date.now();
      // On a busy machine an answer may come after so short a timeout; with the clocks' difference in it none ever would.
      const clock = await vi.waitFor(
        async () => (await ledger.call(caller, 'clock', {}, timeout)) as { now: number; timeLeft: number },
      );
      expect(clock.now - apart * 1000).toBeGreaterThan(before - 100);
      expect(clock.now - apart * 1000).toBeLessThan(Date.now() + 100);
      expect(clock.timeLeft).toBeGreaterThan(0);
      expect(clock.timeLeft).toBeLessThanOrEqual(timeout * 1000);
    });
  },
);

test('a request that waited knows how long, if both ends read one clock, wherever that is set', async () => {
  const { ledger } = bench();
  const rabbit = { rabbitQosPrefetchCount: 1 };
  await bench().spawn({ server: 'host1', rabbit, env: await wrongClock(-DAY) });
  const caller = bench().client();
  const working = ledger.call(caller, 'work', { seconds: 2 });
  const waiting = ledger.call(caller, 'clock', {}, 60);
  await working;
  expect(((await waiting) as { timeLeft: number }).timeLeft).toBeLessThan(58_500);
});

test.each([HOUR, -HOUR])(
  'a clock that is set by %d s while calls wait and run ends none of them',
  async (step) => {
    const { ledger } = bench();
    const file = join(tempDir('mini-nova-clock-'), 'offset');
    const set = (seconds: number): void =>
      writeFileSync(file, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}`);
    set(0);
    const { FAKETIME: _fixed, ...faked } = await wrongClock(0);
    const env = { ...faked, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' };
    const rabbit = { rabbitQosPrefetchCount: 1 };
    const server = await bench().spawn({ server: 'host1', rabbit, env });
    const caller = bench().client().prepare({ callMonitorTimeout: 2 });
    const working = ledger.call(caller, 'work', { seconds: 3, value: 'done' }, 60);
    const waiting = ledger.call(caller, 'clock', {}, 60);
    await server.waitFor('working');
    set(step);
    expect(await working).toBe('done');
    const { now } = (await waiting) as { now: number };
    expect(Math.abs(now - Date.now() - step * 1000)).toBeLessThan(HOUR * 500);
  },
);
