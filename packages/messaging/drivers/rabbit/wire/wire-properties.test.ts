import { describe, expect, test } from 'vitest';
import { publishOptions } from '../publish/publish-options.ts';
import { cancelledCall, requestTimes, SENT_AT } from './wire-properties.ts';

const ARRIVED = 1_700_000_000_000;
const times = (expiration: string | undefined, age?: number) =>
  requestTimes({ expiration, headers: age === undefined ? {} : { [SENT_AT]: ARRIVED - age } }, ARRIVED);

describe('the deadline of a request', () => {
  test.each([
    ['is its expiration after it was sent', '5000', 1200, 3800, 1200],
    ['takes a small difference of the clocks as it is', '5000', -900, 5900, 0],
    ['may have passed a moment ago', '5000', 5900, -900, 5900],
    ['does not believe an age that the broker would not have let pass', '5000', 7000, 5000, null],
    ['does not believe that it was sent in the future', '5000', -1100, 5000, null],
    ['is its expiration after arrival when the sender says nothing', '5000', undefined, 5000, null],
  ])('%s', (_title, expiration, age, remaining, queueWait) => {
    expect(times(expiration, age)).toEqual({ deadline: ARRIVED + remaining, queueWait });
  });

  test('is none without an expiration', () => {
    expect(times(undefined, 1200)).toEqual({ deadline: null, queueWait: 1200 });
    expect(times('soon', 1200)).toEqual({ deadline: null, queueWait: 1200 });
    expect(requestTimes({ expiration: undefined, headers: undefined }, ARRIVED)).toEqual({
      deadline: null,
      queueWait: null,
    });
  });

  test('does not depend on what a peer puts in the header', () => {
    for (const sentAt of ['1', null, {}, Number.NaN, Number.POSITIVE_INFINITY]) {
      const read = requestTimes({ expiration: '5000', headers: { [SENT_AT]: sentAt } }, ARRIVED);
      expect(read).toEqual({ deadline: ARRIVED + 5000, queueWait: null });
    }
  });
});

test('a cancel message names its call', () => {
  expect(cancelledCall({ type: 'cancel', correlationId: 'm' })).toBe('m');
  expect(cancelledCall({ type: 'cancel', correlationId: undefined })).toBeUndefined();
  expect(cancelledCall({ type: undefined, correlationId: 'm' })).toBeUndefined();
});

test('headers of several origins travel together', () => {
  const options = publishOptions({
    sentAt: 1,
    compressed: true,
    properties: { type: 't', headers: { 'x-own': 2 } },
  });
  expect(options.headers).toEqual({ [SENT_AT]: 1, compression: 'application/x-gzip', 'x-own': 2 });
  expect(options.type).toBe('t');
});
