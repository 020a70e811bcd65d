import { expect, test } from 'vitest';
import { Random } from './random.ts';

test('the same seed leads to the same choices', () => {
  const choices = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.pick(['a', 'b', 'c', 'd']));
  };
  expect(choices(1)).toEqual(choices(1));
  expect(choices(1)).not.toEqual(choices(2));
});

test('numbers lie between the bounds, and choices follow their weights', () => {
  const random = new Random(42);
  const numbers = Array.from({ length: 1000 }, () => random.between(2, 5));
  expect(Math.min(...numbers)).toBeGreaterThanOrEqual(2);
  expect(Math.max(...numbers)).toBeLessThan(5);
  const heavy = Array.from({ length: 1000 }, () => random.weighted({ light: 1, heavy: 9, never: 0 }));
  expect(heavy.filter((name) => name === 'heavy').length).toBeGreaterThan(800);
  expect(heavy).not.toContain('never');
});
