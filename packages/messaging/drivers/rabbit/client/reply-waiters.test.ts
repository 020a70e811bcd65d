import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MessageDeliveryFailure, MessagingTimeout, ServerLost } from '../../../errors.ts';
import { Target } from '../../../target.ts';
import type { WireReply } from '../wire/wire-message.ts';
import { type ReplyWaiter, ReplyWaiters } from './reply-waiters.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function fixture() {
  const onDoubt = vi.fn<(waiters: ReplyWaiter[]) => void>();
  const waiters = new ReplyWaiters(onDoubt);
  return { waiters, onDoubt };
}

function call(
  waiters: ReplyWaiters,
  times: { timeout?: number; callMonitorTimeout?: number; msgId?: string } = {},
) {
  const receiver = { callee: 'echo', onResult: vi.fn(), onReply: vi.fn(), onError: vi.fn() };
  const waiter = waiters.add({
    msgId: times.msgId ?? 'm',
    timeout: times.timeout,
    callMonitorTimeout: times.callMonitorTimeout ?? null,
    queue: 'topic',
    target: new Target({ topic: 'topic' }),
    receiver,
  });
  return { waiter, ...receiver };
}

const answer = (more: Partial<WireReply> = {}): WireReply => ({
  msgId: 'm',
  result: null,
  failure: null,
  ending: true,
  ...more,
});
const signOfLife = answer({ ending: false });
const result = (seq: number) => answer({ ending: false, seq, result: `result ${seq}` });

describe('a call', () => {
  test('gets its reply, and a second one goes to nobody', () => {
    const { waiters } = fixture();
    const { onReply } = call(waiters, { timeout: 60 });
    expect(waiters.deliver(answer({ result: 1 }))).toBe(true);
    expect(waiters.deliver(answer({ result: 2 }))).toBe(false);
    expect(onReply.mock.calls).toEqual([[{ result: 1, failure: null }]]);
    expect(waiters.size).toBe(0);
  });

  test('times out without a reply, with an error that names the call', () => {
    const { waiters } = fixture();
    const { onError } = call(waiters, { timeout: 2 });
    vi.advanceTimersByTime(1998);
    expect(onError).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2);
    const error: unknown = onError.mock.calls[0]?.[0];
    expect(error).toBeInstanceOf(MessagingTimeout);
    expect(error).toHaveProperty('message', 'Timed out after 2 s waiting for echo, message ID m');
    expect(waiters.size).toBe(0);
  });

  test('never times out early: a server could still start it', async () => {
    vi.useRealTimers();
    const { waiters } = fixture();
    const early: number[] = [];
    for (let n = 0; n < 100; n += 1) {
      const { waiter, onError } = call(waiters, { timeout: 0.002 + n / 1e5 });
      await new Promise<void>((resolve) => onError.mockImplementation(() => resolve()));
      early.push(waiter.deadline - performance.now());
    }
    expect(Math.max(...early)).toBeLessThanOrEqual(0);
  });

  test('times out at its own time, whatever the timeouts of the others', () => {
    const { waiters } = fixture();
    const timeouts = [30, 1, 20, 2, 0.5];
    const ended: number[] = [];
    for (const timeout of timeouts) {
      call(waiters, { timeout, msgId: String(timeout) }).onError.mockImplementation(() =>
        ended.push(timeout),
      );
    }
    expect(vi.getTimerCount()).toBe(1);
    for (const timeout of [...timeouts].sort((a, b) => a - b)) {
      vi.advanceTimersByTime(timeout * 1000 - performance.now() + 20);
      expect(ended.at(-1)).toBe(timeout);
    }
    expect(ended).toHaveLength(5);
  });

  test('may wait for ever', () => {
    const { waiters } = fixture();
    const { onError } = call(waiters);
    vi.advanceTimersByTime(1e9);
    expect(onError).not.toHaveBeenCalled();
  });

  test('can be failed with all others at once, and leaves no timer', () => {
    const { waiters } = fixture();
    const { onError, onReply } = call(waiters, { timeout: 60 });
    waiters.failAll(new MessageDeliveryFailure('closed'));
    expect(waiters.deliver(answer())).toBe(false);
    expect(onError).toHaveBeenCalledOnce();
    expect(onReply).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('gets a result that an old peer sends ahead of an empty last message', () => {
    const { waiters } = fixture();
    const { onReply } = call(waiters);
    waiters.deliver(answer({ result: 'early', ending: false }));
    expect(onReply).not.toHaveBeenCalled();
    waiters.deliver(answer());
    expect(onReply).toHaveBeenCalledWith({ result: 'early', failure: null });
  });
});

describe('a monitored call', () => {
  test('is in doubt after 1.5 call-monitor timeouts without a sign of life', () => {
    const { waiters, onDoubt } = fixture();
    const { waiter, onError } = call(waiters, { timeout: 60, callMonitorTimeout: 2 });
    waiter.watch(performance.now());
    for (let i = 0; i < 5; i += 1) {
      vi.advanceTimersByTime(2900);
      waiters.deliver(signOfLife);
    }
    expect(onDoubt).not.toHaveBeenCalled();
    vi.advanceTimersByTime(3020);
    expect(onDoubt.mock.calls).toEqual([[[waiter]]]);
    expect([waiter.inDoubt, waiter.heard]).toEqual([true, true]);
    expect(onError).not.toHaveBeenCalled();
  });

  test('is not monitored before the broker has its request', () => {
    const { waiters, onDoubt } = fixture();
    call(waiters, { timeout: 60, callMonitorTimeout: 2 });
    vi.advanceTimersByTime(30_000);
    expect(onDoubt).not.toHaveBeenCalled();
  });

  test('is trusted again after a sign of life, and doubted again after another silence', () => {
    const { waiters, onDoubt } = fixture();
    const { waiter } = call(waiters, { timeout: 60, callMonitorTimeout: 2 });
    waiter.watch(performance.now());
    vi.advanceTimersByTime(3020);
    waiters.deliver(signOfLife);
    expect(waiter.inDoubt).toBe(false);
    vi.advanceTimersByTime(3020);
    expect(onDoubt).toHaveBeenCalledTimes(2);
  });

  test('gets time again when signs of life may have been lost', () => {
    const { waiters, onDoubt } = fixture();
    const { waiter } = call(waiters, { timeout: 60, callMonitorTimeout: 2 });
    waiter.watch(performance.now());
    vi.advanceTimersByTime(2900);
    waiters.restartSilences();
    vi.advanceTimersByTime(2900);
    expect(onDoubt).not.toHaveBeenCalled();
    vi.advanceTimersByTime(120);
    expect(onDoubt).toHaveBeenCalledOnce();
  });

  test('times out all the same, with signs of life or in doubt', () => {
    const { waiters } = fixture();
    const first = call(waiters, { timeout: 3, callMonitorTimeout: 2, msgId: 'alive' });
    const second = call(waiters, { timeout: 4, callMonitorTimeout: 2, msgId: 'silent' });
    for (const { waiter } of [first, second]) waiter.watch(performance.now());
    for (let i = 0; i < 3; i += 1) {
      vi.advanceTimersByTime(1000);
      waiters.deliver({ ...signOfLife, msgId: 'alive' });
    }
    vi.advanceTimersByTime(1020);
    for (const { onError } of [first, second]) {
      expect(onError.mock.calls[0]?.[0]).not.toBeInstanceOf(ServerLost);
      expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(MessagingTimeout);
    }
  });

  test('is given more time while its server is there, up to a minute of silence', () => {
    const { waiters, onDoubt } = fixture();
    const { waiter } = call(waiters, { callMonitorTimeout: 2 });
    waiter.watch(performance.now());
    const startedAt = performance.now();
    onDoubt.mockImplementation(() => {
      if (!waiter.waitLonger(performance.now())) waiter.loseServer('frozen');
    });
    vi.advanceTimersByTime(59_000);
    expect([waiter.isSettled, waiter.isSilentSince(startedAt)]).toEqual([false, true]);
    waiters.deliver(signOfLife);
    expect(waiter.isSilentSince(startedAt)).toBe(false);
    vi.advanceTimersByTime(59_000);
    expect(waiter.isSettled).toBe(false);
    vi.advanceTimersByTime(5_000);
    expect(waiter.isSettled).toBe(true);
  });

  test('whose server is lost says so', () => {
    const { waiters } = fixture();
    const { waiter, onError } = call(waiters, { timeout: 60, callMonitorTimeout: 2 });
    waiter.loseServer('queue "topic" is gone');
    expect(onError.mock.calls[0]?.[0]).toMatchObject({
      code: 'SERVER_LOST',
      message: 'No sign of life for 3 s waiting for echo, message ID m: queue "topic" is gone',
    });
  });
});

describe('a call with several results', () => {
  const last = (seq: number, more: Partial<WireReply> = {}) => answer({ seq, ...more });

  test('gets them in order and once, and then how many there were', () => {
    const { waiters } = fixture();
    const { onResult, onReply } = call(waiters, { timeout: 60 });
    for (const seq of [0, 2, 0, 3, 2, 1, 1]) waiters.deliver(result(seq));
    expect(onReply).not.toHaveBeenCalled();
    waiters.deliver(last(4));
    expect(onResult.mock.calls.flat()).toEqual([0, 1, 2, 3].map((seq) => `result ${seq}`));
    expect(onReply.mock.calls).toEqual([[{ result: null, failure: null, results: 4 }]]);
  });

  test('gets a null among them', () => {
    const { waiters } = fixture();
    const { onResult, onReply } = call(waiters);
    waiters.deliver(answer({ ending: false, seq: 1, result: null }));
    waiters.deliver(answer({ ending: false, seq: 0, result: null }));
    waiters.deliver(last(2));
    expect(onResult.mock.calls).toEqual([[null], [null]]);
    expect(onReply).toHaveBeenCalledOnce();
  });

  test('may have none', () => {
    const { waiters } = fixture();
    const { onReply } = call(waiters);
    waiters.deliver(last(0));
    expect(onReply.mock.calls).toEqual([[{ result: null, failure: null, results: 0 }]]);
  });

  test('waits for a result that comes after the last message', () => {
    const { waiters } = fixture();
    const { onReply, onResult } = call(waiters, { timeout: 60 });
    waiters.deliver(result(0));
    waiters.deliver(last(2));
    vi.advanceTimersByTime(1900);
    waiters.deliver(result(1));
    expect(onResult).toHaveBeenCalledTimes(2);
    expect(onReply).toHaveBeenCalledOnce();
  });

  test('fails when one is lost', () => {
    const { waiters } = fixture();
    const { onReply, onError } = call(waiters, { timeout: 60 });
    for (const seq of [0, 2]) waiters.deliver(result(seq));
    waiters.deliver(last(3));
    vi.advanceTimersByTime(2020);
    expect(onReply).not.toHaveBeenCalled();
    expect(onError.mock.calls[0]?.[0]).toMatchObject({
      code: 'MESSAGE_DELIVERY_FAILURE',
      message: '2 of the 3 results of echo, message ID m were lost',
    });
  });

  test('fails when too many wait for one that was lost', () => {
    const { waiters } = fixture();
    const { onError } = call(waiters);
    for (let seq = 1; seq <= 10_001; seq += 1) waiters.deliver(result(seq));
    expect(onError.mock.calls[0]?.[0]).toBeInstanceOf(MessageDeliveryFailure);
  });

  test('ends with its failure, whatever came before', () => {
    const { waiters } = fixture();
    const { onReply } = call(waiters);
    waiters.deliver(result(0));
    waiters.deliver(last(1, { failure: '{}' }));
    expect(onReply.mock.calls).toEqual([[{ result: null, failure: '{}', results: 1 }]]);
  });

  test('counts results as signs of life', () => {
    const { waiters, onDoubt } = fixture();
    const { waiter } = call(waiters, { timeout: 60, callMonitorTimeout: 2 });
    waiter.watch(performance.now());
    for (let seq = 0; seq < 5; seq += 1) {
      vi.advanceTimersByTime(2900);
      waiters.deliver(result(seq), 'the server');
    }
    expect(onDoubt).not.toHaveBeenCalled();
    expect(waiter.server).toBe('the server');
  });
});
