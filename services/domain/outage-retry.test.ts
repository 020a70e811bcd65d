import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseUnavailable } from '@mini-nova/database/errors';
import {
  MessageDeliveryFailure,
  MessageUndeliverable,
  MessagingTimeout,
  ServerLost,
} from '@mini-nova/messaging';
import { expect, it } from 'vitest';
import { RecordingLogger } from '../../packages/service/test/recording-logger.ts';
import { outageNotice, outlastDatabase, pauseAfter, retryOnOutage } from './outage-retry.ts';

/** A request that fails once with each of the errors, and is then answered. */
function failing(...errors: Error[]) {
  const made = { count: 0 };
  const request = async () => {
    const error = errors[made.count];
    made.count += 1;
    if (error) throw error;
    return 'answer';
  };
  return { request, made };
}

const noQueue = { exchange: 'nova', routingKey: 'conductor' };

it.each([
  new MessagingTimeout('no reply'),
  new ServerLost('no sign of life'),
  new MessageDeliveryFailure('no broker'),
  new MessageUndeliverable(noQueue),
  new DatabaseUnavailable('connection refused'),
])('repeats a request after $code', async (error) => {
  const { request, made } = failing(error, error);

  expect(await retryOnOutage(request, { pause: 0 })).toBe('answer');
  expect(made.count).toBe(3);
});

it('pauses before it repeats a request that found no server', async () => {
  const { request } = failing(new MessageUndeliverable(noQueue));
  const start = performance.now();

  expect(await retryOnOutage(request, { pause: 0.05 })).toBe('answer');
  expect(performance.now() - start).toBeGreaterThan(45);
});

it('gives up with the last failure after the allowed attempts', async () => {
  const { request, made } = failing(new MessagingTimeout('first'), new MessagingTimeout('second'));

  await expect(retryOnOutage(request, { attempts: 2, patience: 0 })).rejects.toThrow('second');
  expect(made.count).toBe(2);
});

it('pauses longer each time, but never for more than a few seconds', () => {
  expect([1, 2, 3, 4, 5, 100].map((failed) => pauseAfter(failed))).toEqual([1, 2, 4, 5, 5, 5]);
});

it('goes on beyond its attempts while its patience lasts', async () => {
  const start = performance.now();
  const request = async () => {
    await delay(10);
    throw new MessagingTimeout('no reply');
  };

  await expect(retryOnOutage(request, { attempts: 1, patience: 0.1 })).rejects.toThrow('no reply');
  expect(performance.now() - start).toBeGreaterThan(95);
});

it('does not repeat a request that was answered with an error', async () => {
  const { request, made } = failing(new Error('refused'));

  await expect(retryOnOutage(request)).rejects.toThrow('refused');
  expect(made.count).toBe(1);
});

it('waits for a database that is away, and repeats after no other error', async () => {
  const away = new DatabaseUnavailable('connection refused');
  const { request, made } = failing(away, away, away);
  expect(await outlastDatabase(request, { pause: 0 })).toBe('answer');
  expect(made.count).toBe(4);

  const other = failing(new MessagingTimeout('no reply'));
  await expect(outlastDatabase(other.request)).rejects.toThrow('no reply');
});

it('logs from time to time that a request is not answered', async () => {
  const logger = new RecordingLogger();
  const away = new MessagingTimeout('no reply');
  const { request } = failing(away, away, away);
  await retryOnOutage(request, { pause: 0, onFailure: outageNotice(logger) });
  expect(logger.of('warn')).toEqual(['A request is not answered; it is made again until it is']);
});
