import { describe, expect, it } from 'vitest';
import { median, quantile } from './statistics.ts';

describe('median', () => {
  it('is the middle value, or the mean of the middle two', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 100])).toBe(3);
  });

  it('is NaN without values, and ignores NaN', () => {
    expect(median([])).toBeNaN();
    expect(median([Number.NaN, 7])).toBe(7);
  });
});

describe('quantile', () => {
  it('is the value that the given share does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(quantile(hundred, 0.5)).toBe(50);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile([3], 0.99)).toBe(3);
  });
});
