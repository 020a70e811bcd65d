import { KeyedQueue } from '@mini-nova/service';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { expect, it } from 'vitest';
import { inTurn } from './index.ts';

/** A queue in which an operation on the instance is under way. */
function busyWith(instance = newInstance()) {
  const locks = new KeyedQueue('instance');
  const done: string[] = [];
  let finish = () => {};
  const isFinished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const first = locks.run(instance.uuid, async () => {
    await isFinished;
    done.push('first');
  });
  return { instance, locks, done, first, finish };
}

it('runs the operations on an instance one after another', async () => {
  const { instance, locks, done, first, finish } = busyWith();
  const second = inTurn(locks, { instance }, async () => done.push('second'));
  finish();
  await Promise.all([first, second]);
  expect(done).toEqual(['first', 'second']);
});

it('runs at once what concerns no instance', async () => {
  const { locks, done, first, finish } = busyWith();
  await inTurn(locks, {}, async () => done.push('of the host'));
  finish();
  await first;
  expect(done).toEqual(['of the host', 'first']);
});
