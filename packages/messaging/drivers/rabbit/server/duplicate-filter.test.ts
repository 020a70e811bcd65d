import { expect, test } from 'vitest';
import { DuplicateFilter } from '../../../collections.ts';

test('an id is new once', () => {
  const filter = new DuplicateFilter();
  expect([filter.add('a'), filter.add('b'), filter.add('a')]).toEqual([true, true, false]);
});

test('at least the last `size` ids are remembered, and at most twice as many', () => {
  const filter = new DuplicateFilter(100);
  for (let i = 0; i < 1000; i += 1) expect(filter.add(String(i))).toBe(true);
  for (let i = 900; i < 1000; i += 1) expect(filter.add(String(i))).toBe(false);
  expect(filter.add('799')).toBe(true);
});
