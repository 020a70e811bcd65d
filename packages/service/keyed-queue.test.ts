import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { KeyedQueue } from './keyed-queue.ts';

it('runs steps of one instance one after another, in the order asked for', async () => {
  const locks = new KeyedQueue('steps');
  const events: string[] = [];
  const step = (name: string, ms: number) => async () => {
    events.push(`${name} begins`);
    await delay(ms);
    events.push(`${name} ends`);
  };

  await Promise.all([locks.run('vm', step('build', 10)), locks.run('vm', step('delete', 1))]);

  expect(events).toEqual(['build begins', 'build ends', 'delete begins', 'delete ends']);
});

it('lets steps of different instances run at once', async () => {
  const locks = new KeyedQueue('steps');
  let open = () => {};
  const blocked = locks.run('one', () => new Promise<void>((resolve) => (open = resolve)));

  expect(await locks.run('other', async () => 'done')).toBe('done');

  open();
  await blocked;
});

it('goes on after a step that failed, whose error goes to its caller alone', async () => {
  const locks = new KeyedQueue('steps');
  const failing = locks.run('vm', async () => {
    throw new Error('spawn');
  });
  const next = locks.run('vm', async () => 'next');

  await expect(failing).rejects.toThrow('spawn');
  expect(await next).toBe('next');
});

it('forgets an instance when its last step has ended', async () => {
  const locks = new KeyedQueue('steps');
  const running = locks.run('vm', async () => {});
  expect(locks.isHeld('vm')).toBe(true);

  await running;

  expect(locks.isHeld('vm')).toBe(false);
});

it('does not run a step whose caller left before it came, or while it waited', async () => {
  const locks = new KeyedQueue('steps');
  const user = new AbortController();
  const caller = { signal: user.signal, timeLeft: null };
  let open: (() => void) | undefined;
  const building = locks.run('vm', () => new Promise<void>((resolve) => (open = resolve)));
  let runs = 0;
  const step = async () => ++runs;
  const waiting = locks.run('vm', step, caller);
  const late = locks.run('vm', step, { signal: new AbortController().signal, timeLeft: -1 });
  const next = locks.run('vm', async () => 'next');

  const refusals = Promise.allSettled([waiting, late]);
  await vi.waitFor(() => expect(open).toBeDefined());
  user.abort(new Error('gone'));
  open?.();

  await building;
  expect(await refusals).toMatchObject([
    { reason: { message: 'gone' } },
    { reason: { code: 'MESSAGING_TIMEOUT' } },
  ]);
  await expect(locks.run('vm', step, caller)).rejects.toThrow('gone');
  expect([runs, await next]).toEqual([0, 'next']);
});
