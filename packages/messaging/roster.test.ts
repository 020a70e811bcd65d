import { expect, test } from 'vitest';
import { Roster } from './collections.ts';

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
