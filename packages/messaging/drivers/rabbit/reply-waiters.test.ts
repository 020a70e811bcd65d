import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MessageDeliveryFailure, MessagingTimeout } from '../../errors.ts';
import { ReplyWaiters } from './reply-waiters.ts';
import type { WireReply } from './wire-message.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function call(waiters: ReplyWaiters, times: { timeout?: number; callMonitorTimeout?: number } = {}) {
  const onReply = vi.fn();
  const onError = vi.fn();
  const waiter = waiters.add({
    msgId: 'm',
    callee: () => 'echo',
    timeout: times.timeout,
    callMonitorTimeout: times.callMonitorTimeout ?? null,
    onReply,
    onError,
  });
  return { waiter, onReply, onError };
}

const answer = (more: Partial<WireReply> = {}): WireReply => ({
  msgId: 'm',
  result: null,
  failure: null,
  ending: true,
  ...more,
});
const signOfLife = answer({ ending: false });

test('a reply goes to its call, and a second one to nobody', () => {
  const waiters = new ReplyWaiters();
  const { onReply } = call(waiters, { timeout: 60 });
  expect(waiters.deliver(answer({ result: 1 }))).toBe(true);
  expect(waiters.deliver(answer({ result: 2 }))).toBe(false);
  expect(onReply.mock.calls).toEqual([[{ result: 1, failure: null }]]);
  expect([waiters.size, vi.getTimerCount()]).toEqual([0, 0]);
});

test('without a reply the call times out, with what was called', () => {
  const waiters = new ReplyWaiters();
  const { onError } = call(waiters, { timeout: 2 });
  vi.advanceTimersByTime(1999);
  expect(onError).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  const error: unknown = onError.mock.calls[0]?.[0];
  expect(error).toBeInstanceOf(MessagingTimeout);
  expect(error).toHaveProperty('message', 'Timed out after 2 s waiting for echo, message ID m');
  expect(waiters.size).toBe(0);
});

test('signs of life keep a monitored call waiting; their absence ends it', () => {
  const waiters = new ReplyWaiters();
  const { waiter, onError } = call(waiters, { timeout: 60, callMonitorTimeout: 2 });
  waiter.startMonitor();
  for (let i = 0; i < 10; i += 1) {
    vi.advanceTimersByTime(1500);
    waiters.deliver(signOfLife);
  }
  expect(onError).not.toHaveBeenCalled();
  vi.advanceTimersByTime(2000);
  expect(onError.mock.calls[0]?.[0]).toHaveProperty(
    'message',
    expect.stringContaining('No sign of life for 2 s'),
  );
  expect(vi.getTimerCount()).toBe(0);
});

test('signs of life do not extend the timeout of the call', () => {
  const waiters = new ReplyWaiters();
  const { waiter, onError } = call(waiters, { timeout: 3, callMonitorTimeout: 2 });
  waiter.startMonitor();
  for (let i = 0; i < 3; i += 1) {
    vi.advanceTimersByTime(1000);
    waiters.deliver(signOfLife);
  }
  expect(onError).toHaveBeenCalledOnce();
});

test('a result that comes ahead of an empty last message counts', () => {
  const waiters = new ReplyWaiters();
  const { onReply } = call(waiters);
  waiters.deliver(answer({ result: 'early', ending: false }));
  expect(onReply).not.toHaveBeenCalled();
  waiters.deliver(answer());
  expect(onReply).toHaveBeenCalledWith({ result: 'early', failure: null });
});

test('all calls can be failed at once', () => {
  const waiters = new ReplyWaiters();
  const { onError, onReply } = call(waiters, { timeout: 60 });
  waiters.failAll(new MessageDeliveryFailure('closed'));
  expect(waiters.deliver(answer())).toBe(false);
  expect(onError).toHaveBeenCalledOnce();
  expect(onReply).not.toHaveBeenCalled();
});
