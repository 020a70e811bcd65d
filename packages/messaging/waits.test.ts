import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { onAbort } from './waits.ts';

test('all who wait are told, in their order, behind one listener of the signal', () => {
  const controller = new AbortController();
  const told: number[] = [];
  for (let count = 0; count < 20; count += 1) onAbort(controller.signal, () => void told.push(count));
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  controller.abort();
  expect(told).toEqual(Array.from({ length: 20 }, (_, index) => index));
});

test('who has left is not told, and the last leaves no listener', () => {
  const controller = new AbortController();
  const told: string[] = [];
  const leave = ['first', 'second'].map((name) => onAbort(controller.signal, () => void told.push(name)));
  leave[0]?.();
  leave[0]?.();
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
  leave[1]?.();
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  onAbort(controller.signal, () => void told.push('third'));
  controller.abort();
  expect(told).toEqual(['third']);
});
