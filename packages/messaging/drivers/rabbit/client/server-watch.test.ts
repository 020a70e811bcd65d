import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Target } from '../../../target.ts';
import { ReplyWaiters } from './reply-waiters.ts';
import { RollCall } from './server-watch.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A roll call for as many silent calls, of a queue with as many consumers. */
function fixture(calls: number, consumers: number) {
  const waiters = new ReplyWaiters(() => {});
  const silent = Array.from({ length: calls }, (_, n) => {
    const receiver = { callee: 'echo', onReply: vi.fn(), onError: vi.fn() };
    const target = new Target({ topic: 'q' });
    const options = { msgId: `m${n}`, timeout: 600, callMonitorTimeout: 5, queue: 'q', target, receiver };
    const waiter = waiters.add(options);
    waiter.watch(performance.now());
    return waiter;
  });
  vi.advanceTimersByTime(7_500);
  return { waiters, silent, roll: new RollCall('q', consumers, silent) };
}

test('is complete when as many servers have answered as the queue has consumers, each counted once', () => {
  const { roll } = fixture(1, 2);
  roll.answer('server1');
  roll.answer('server1');
  expect(roll.isComplete).toBe(false);
  roll.answer('server2');
  expect([roll.isComplete, roll.answers]).toEqual([true, 2]);
});

test('misses the calls that have neither ended nor shown a sign of life since', () => {
  const { roll, waiters, silent } = fixture(3, 1);
  vi.advanceTimersByTime(10);
  const reply = { result: null, failure: null };
  waiters.deliver({ msgId: 'm0', ending: true, ...reply });
  waiters.deliver({ msgId: 'm1', ending: false, ...reply }, 'server1');
  expect(roll.missing).toEqual([silent[2]]);
});

test('is over when all have answered, or after a second; a late answer counts', async () => {
  const { roll } = fixture(1, 2);
  const over = vi.fn();
  const first = roll.over().then(over);
  await vi.advanceTimersByTimeAsync(900);
  expect(over).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(100);
  await first;
  roll.answer('server1');
  roll.answer('server2');
  expect(roll.isComplete).toBe(true);

  const answered = fixture(1, 1).roll;
  const second = answered.over();
  answered.answer('server1');
  await second;
  // The ids of the two fixtures' calls.
  expect(vi.getTimerCount()).toBe(2);
});
