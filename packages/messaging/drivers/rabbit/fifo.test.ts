import { expect, test } from 'vitest';
import { Fifo } from './fifo.ts';

test('gives back what it took, in that order, over many lots', () => {
  const fifo = new Fifo<number>();
  const taken: (number | undefined)[] = [];
  for (let value = 0; value < 10_000; value += 1) {
    fifo.push(value);
    if (value % 3 === 0) taken.push(fifo.shift());
  }
  expect(fifo.size).toBe(10_000 - taken.length);
  expect([fifo.first, [...fifo][0]]).toEqual([taken.length, taken.length]);
  while (fifo.size > 0) taken.push(fifo.shift());
  expect(taken).toEqual(Array.from({ length: 10_000 }, (_, index) => index));
  expect([fifo.shift(), fifo.first]).toEqual([undefined, undefined]);
});

test('is empty once it is cleared', () => {
  const fifo = new Fifo<string>();
  fifo.push('a');
  fifo.clear();
  expect([fifo.size, ...fifo]).toEqual([0]);
  fifo.push('b');
  expect([...fifo]).toEqual(['b']);
});
