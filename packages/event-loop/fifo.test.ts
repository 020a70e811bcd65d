import { expect, test } from 'vitest';
import { Fifo } from './fifo.ts';

test('gives back what it took, in order, over many batches', () => {
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

test('keeps the order, however it is used', () => {
  const fifo = new Fifo<number>();
  const model: number[] = [];
  for (let step = 0; step < 20_000; step += 1) {
    if ((step * 7919) % 5 < 3) {
      fifo.push(step);
      model.push(step);
    } else {
      expect(fifo.first).toBe(model[0]);
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
    expect(fifo.size).toBe(model.length);
  }
  while (model.length > 0) expect(fifo.shift()).toBe(model.shift());
  expect(fifo.shift()).toBeUndefined();
});
