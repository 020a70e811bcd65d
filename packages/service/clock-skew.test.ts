import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ClockComparison, skewText } from './index.ts';

const NOW = Date.parse('2026-01-31T12:00:00.400Z');

beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date', 'performance'] }));
afterEach(() => void vi.useRealTimers());

/** The other clock is ahead by so many ms; its answer takes 100 ms and is in whole seconds. */
function ask(clocks: ClockComparison, ahead: number): void {
  const askedAt = performance.now();
  vi.advanceTimersByTime(50);
  const theirs = new Date(Math.floor((Date.now() + ahead) / 1000) * 1000);
  vi.advanceTimersByTime(50);
  clocks.note(theirs, askedAt, 1000);
}

describe('two clocks', () => {
  test('are not compared before the first answer', () => {
    expect(new ClockComparison().seconds).toBeNull();
  });

  test.each([-200, 0, 200, 400])('may agree when the other is %d ms ahead', (ahead) => {
    const clocks = new ClockComparison();
    ask(clocks, ahead);
    expect(clocks.seconds).toBe(0);
  });

  test.each([1.5, -1.5, 2.5, -2.5, 3600, -86_400])(
    'that are %d s apart are measured, ever more exactly',
    (apart) => {
      const clocks = new ClockComparison();
      ask(clocks, -apart * 1000);
      expect(Math.abs((clocks.seconds ?? 0) - apart)).toBeLessThan(0.6);
      for (let answer = 0; answer < 20; answer++) {
        vi.advanceTimersByTime(10_130);
        ask(clocks, -apart * 1000);
      }
      expect(Math.abs((clocks.seconds ?? 0) - apart)).toBeLessThan(0.1);
    },
  );

  test('are compared anew after one was set', () => {
    const clocks = new ClockComparison();
    for (const ahead of [0, 0, 3_600_000]) ask(clocks, ahead);
    expect(clocks.seconds).toBeCloseTo(-3600, 0);
    ask(clocks, 0);
    expect(clocks.seconds).toBe(0);
  });
});

test.each([
  [null, undefined],
  [0, undefined],
  [-1, undefined],
  [1.2, '1.2 s ahead'],
  [-86_400, '86400.0 s behind'],
])('of %s seconds the text is %s', (seconds, text) => {
  expect(skewText(seconds)).toBe(text);
});
