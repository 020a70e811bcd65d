import { expect, test } from 'vitest';
import { Fifo } from './fifo.ts';
import { Roster } from './roster.ts';

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

test('a fifo gives back what it took, in order, however it is used', () => {
  const fifo = new Fifo<number>();
  const model: number[] = [];
  for (let step = 0; step < 20_000; step += 1) {
    if ((step * 7919) % 5 < 3) {
      fifo.push(step);
      model.push(step);
    } else {
      expect(fifo.peek()).toBe(model[0]);
      expect(fifo.shift()).toBe(model.shift());
    }
    if (step === 5_000) {
      fifo.unshift([-2, -1]);
      model.unshift(-2, -1);
    }
    if (step === 9_000) {
      fifo.filter((item) => item % 2 === 0);
      model.splice(0, model.length, ...model.filter((item) => item % 2 === 0));
    }
    expect(fifo.length).toBe(model.length);
  }
  while (model.length > 0) expect(fifo.shift()).toBe(model.shift());
  expect(fifo.shift()).toBeUndefined();
});
