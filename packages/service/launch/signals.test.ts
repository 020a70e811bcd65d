import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { onSignals } from './signals.ts';

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
  onSignals({
    onStop: (signal, { quick }) => calls.push(`stop ${signal}${quick ? ' quickly' : ''}`),
    onForce: (signal) => calls.push(`force ${signal}`),
    onReload: () => calls.push('reload'),
    onReport: () => calls.push('report'),
  });
  const raise = (signal: NodeJS.Signals) => handlers.get(signal)?.(signal);
  return { calls, raise };
}

test('one Ctrl-C that arrives twice, from the terminal and from npm, is no second signal', () => {
  const { calls, raise } = listen();
  raise('SIGINT');
  vi.advanceTimersByTime(100);
  raise('SIGINT');
  expect(calls).toEqual(['stop SIGINT quickly']);
});

test('a second Ctrl-C forces', () => {
  const { calls, raise } = listen();
  raise('SIGINT');
  vi.advanceTimersByTime(400);
  raise('SIGINT');
  expect(calls).toEqual(['stop SIGINT quickly', 'force SIGINT']);
});

test('a second SIGTERM forces however soon it comes', () => {
  const { calls, raise } = listen();
  raise('SIGTERM');
  raise('SIGTERM');
  expect(calls).toEqual(['stop SIGTERM', 'force SIGTERM']);
});

test('SIGHUP reloads and SIGUSR2 reports, as often as they come', () => {
  const { calls, raise } = listen();
  raise('SIGHUP');
  raise('SIGUSR2');
  raise('SIGHUP');
  expect(calls).toEqual(['reload', 'report', 'reload']);
});
