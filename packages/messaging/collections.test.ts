import { expect, test } from 'vitest';
import { DuplicateFilter, Roster } from './collections.ts';

test('a roster holds what was added and not removed', () => {
  const roster = new Roster<number>();
  const entries = [1, 2, 3, 4].map((item) => roster.add(item));
  const remove = (index: number) => {
    const entry = entries[index];
    if (entry !== undefined) roster.remove(entry);
  };
  for (const [index, left] of [
    [1, [4, 3, 1]],
    [1, [4, 3, 1]],
    [3, [3, 1]],
    [0, [3]],
  ] as const) {
    remove(index);
    expect(roster.items()).toEqual(left);
  }
  expect(roster.empty).toBe(false);
  remove(2);
  remove(2);
  expect(roster.empty).toBe(true);
  roster.add(5);
  expect(roster.items()).toEqual([5]);
});

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
