import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onStopSignals } from './stop-signals.ts';

const handlers = new Map<string, (signal: NodeJS.Signals) => void>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(process, 'on').mockImplementation((event, handler) => {
    handlers.set(String(event), handler);
    return process;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function listen() {
  const calls: string[] = [];
  onStopSignals({
    onStop: (signal) => calls.push(`stop ${signal}`),
    onForce: (signal) => calls.push(`force ${signal}`),
  });
  const raise = (signal: NodeJS.Signals) => handlers.get(signal)?.(signal);
  return { calls, raise };
}

test('one Ctrl-C that arrives twice, from the terminal and from npm, is no second signal', () => {
  const { calls, raise } = listen();
  raise('SIGINT');
  vi.advanceTimersByTime(100);
  raise('SIGINT');
  expect(calls).toEqual(['stop SIGINT']);
});

test('a second Ctrl-C forces', () => {
  const { calls, raise } = listen();
  raise('SIGINT');
  vi.advanceTimersByTime(400);
  raise('SIGINT');
  expect(calls).toEqual(['stop SIGINT', 'force SIGINT']);
});

test('a second SIGTERM forces however soon it comes', () => {
  const { calls, raise } = listen();
  raise('SIGINT');
  raise('SIGTERM');
  expect(calls).toEqual(['stop SIGINT', 'force SIGTERM']);
});
