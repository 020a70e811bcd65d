import { expect, test } from 'vitest';
import { Backoff } from './backoff.ts';

const options = { interval: 1, step: 2, max: 4 };

test('the limit of the waits grows by the step up to the maximum, in milliseconds', () => {
  const backoff = new Backoff(options, () => 1);
  expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([1000, 3000, 4000]);
});

test('a wait is drawn from the whole range below its limit', () => {
  const drawn = [0, 0.25];
  const backoff = new Backoff(options, () => drawn.shift() ?? 0);
  expect([backoff.next(), backoff.next()]).toEqual([0, 750]);
});

test('after a reset the waits are short again', () => {
  const backoff = new Backoff(options, () => 1);
  backoff.next();
  backoff.next();
  backoff.reset();
  expect(backoff.next()).toBe(1000);
});
