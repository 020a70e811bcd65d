import { describe, expect, test } from 'vitest';
import { publishOptions } from '../publish/publication.ts';
import { cancelledCall, requestTimes, rollCall, SENT_AT, sentAtText } from './wire-properties.ts';

/** By performance.now(). */
const ARRIVED = 100_000;
const sent = (age: number) => ({ [SENT_AT]: sentAtText(ARRIVED - age) });
/** In whole milliseconds: the time of sending travels rounded down. */
const times = (expiration: string | undefined, headers?: object) => {
  const { deadline, queueWait } = requestTimes({ expiration, headers }, ARRIVED);
  return {
    left: deadline === null ? null : Math.ceil(deadline - ARRIVED),
    queueWait: queueWait === null ? null : Math.floor(queueWait),
  };
};

describe('the time that is left to a request', () => {
  test.each([
    ['is its expiration, less the time on its way', '5000', 1200, 3800, 1200],
    ['may be over when it was read late', '5000', 5900, -900, 5900],
    ['is its expiration when it cannot have been that long on its way', '5000', 66_000, 5000, null],
    ['is its expiration when it cannot have been sent later than it came', '5000', -100, 5000, null],
  ])('%s', (_title, expiration, age, left, queueWait) => {
    expect(times(expiration, sent(age))).toEqual({ left, queueWait });
  });

  test('is unknown without an expiration', () => {
    expect(times(undefined, sent(1200))).toEqual({ left: null, queueWait: 1200 });
    expect(times('soon', sent(1200))).toEqual({ left: null, queueWait: 1200 });
    expect(times(undefined)).toEqual({ left: null, queueWait: null });
  });

  test('is its expiration, whatever another clock, another version or a peer says', () => {
    const [, at = ''] = sentAtText(ARRIVED - 1200).split('/');
    const others = [`000000000000/${at}`, at, `${sentAtText(ARRIVED)}x`, Date.now(), null, {}, Number.NaN];
    for (const header of others) {
      expect(times('5000', { [SENT_AT]: header })).toEqual({ left: 5000, queueWait: null });
    }
  });
});

test('a cancel message names its call', () => {
  expect(cancelledCall({ type: 'cancel', correlationId: 'm' })).toBe('m');
  expect(cancelledCall({ type: 'cancel', correlationId: undefined })).toBeUndefined();
  expect(cancelledCall({ type: undefined, correlationId: 'm' })).toBeUndefined();
});

test('a roll call names whom to answer, and how', () => {
  const properties = { type: 'roll_call', correlationId: 'id', replyTo: 'reply_1' };
  expect(rollCall(properties)).toEqual({ id: 'id', replyQueue: 'reply_1' });
  for (const missing of ['type', 'correlationId', 'replyTo']) {
    expect(rollCall({ ...properties, [missing]: undefined })).toBeUndefined();
  }
});

test('headers of several origins travel together', () => {
  const createdAt = performance.now();
  const properties = { type: 't', headers: { 'x-own': 2 } };
  const options = publishOptions({ createdAt, properties }, true);
  expect(options.headers).toEqual({
    [SENT_AT]: sentAtText(createdAt),
    compression: 'application/x-gzip',
    'x-own': 2,
  });
  expect(options.type).toBe('t');
});
