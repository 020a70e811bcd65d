import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AbandonedCalls } from './abandoned-calls.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function fixture() {
  const tell = vi.fn<(server: string, msgId: string) => void>();
  return { tell, abandoned: new AbandonedCalls(tell) };
}

test('the server of a call is told at once when it is known', () => {
  const { tell, abandoned } = fixture();
  abandoned.add('m', 'server');
  expect(tell.mock.calls).toEqual([['server', 'm']]);
});

test('it is told when it identifies itself, and again when it continues, but not at each sign', () => {
  const { tell, abandoned } = fixture();
  abandoned.add('m', undefined);
  expect(tell).not.toHaveBeenCalled();
  for (let sign = 0; sign < 25; sign += 1) {
    abandoned.heardOf('m', 'server');
    vi.advanceTimersByTime(100);
  }
  expect(tell).toHaveBeenCalledTimes(3);
});

test('servers are not told about other calls, about ended ones, or after a minute', () => {
  const { tell, abandoned } = fixture();
  for (const msgId of ['ended', 'old']) abandoned.add(msgId, undefined);
  abandoned.delete('ended');
  vi.advanceTimersByTime(60_001);
  for (const msgId of ['ended', 'old', 'other']) abandoned.heardOf(msgId, 'server');
  expect(tell).not.toHaveBeenCalled();
  expect(abandoned.size).toBe(0);
});

test('what is remembered is bounded', () => {
  const { abandoned } = fixture();
  for (let call = 0; call < 20_000; call += 1) abandoned.add(String(call), undefined);
  expect(abandoned.size).toBe(10_000);
  vi.advanceTimersByTime(60_001);
  abandoned.add('next', undefined);
  expect(abandoned.size).toBe(1);
});
