import { stall } from '@mini-nova/data/test/stall';
import { expect, it } from 'vitest';
import { Countdown } from './countdown.ts';

it('counts only the time in which the process ran', async () => {
  const countdown = new Countdown(1000);
  await new Promise((resolve) => setTimeout(resolve, 1));
  stall(1500);
  await new Promise((resolve) => setTimeout(resolve, 1));
  expect(countdown.isOver).toBe(false);
  await expect.poll(() => countdown.isOver).toBe(true);
});

it('is over only after pending input has been read', async () => {
  const said: string[] = [];
  await new Promise<void>((resolve) => {
    new Countdown(20, () => {
      said.push('over');
      resolve();
    });
    setImmediate(() => {
      stall(50);
      setImmediate(() => said.push('read'));
    });
  });
  expect(said).toEqual(['read', 'over']);
});

it('is never over once it is stopped, or when it has no end', async () => {
  const countdowns = [new Countdown(1), new Countdown(Number.POSITIVE_INFINITY)];
  countdowns[0]?.stop();
  await new Promise<void>((resolve) => void new Countdown(20, resolve));
  expect(countdowns.map(({ isOver }) => isOver)).toEqual([false, false]);
});
