import { describe, expect, test } from 'vitest';
import { RecordingLogger } from '../../../test/recording-logger.ts';
import { ExchangeFallbacks, mismatchData, topologyMismatch } from './declaring.ts';
import type { ExchangeSpec } from './topology.ts';

function refusal(text: string, code = 406): Error {
  return Object.assign(
    new Error(`Operation failed: ExchangeDeclare; 406 (PRECONDITION-FAILED) with message "${text}"`),
    {
      code,
    },
  );
}

const durable =
  "PRECONDITION_FAILED - inequivalent arg 'durable' for exchange 'nova' in vhost '/': received 'true' but current is 'false'";

describe('what the broker says about a mismatch', () => {
  test.each([
    [durable, { kind: 'exchange', entity: 'nova', argument: 'durable', wanted: 'true', actual: 'false' }],
    [
      "PRECONDITION_FAILED - inequivalent arg 'x-expires' for queue 'a.b' in vhost '/': received none but current is the value '1800000' of type 'signedint'",
      { kind: 'queue', entity: 'a.b', argument: 'x-expires', actual: '1800000' },
    ],
    [
      "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'it's' in vhost 'it's': received the value 'quorum' of type 'longstr' but current is none",
      { kind: 'queue', entity: "it's", argument: 'x-queue-type', wanted: 'quorum' },
    ],
  ])('is understood: %s', (text, data) => {
    expect(mismatchData(refusal(text))).toEqual(data);
    expect(topologyMismatch(refusal(text))).toMatchObject({ code: 'TOPOLOGY_MISMATCH', ...data });
  });

  test('is none when it refuses for another reason', () => {
    expect(mismatchData(refusal(durable, 403))).toBeUndefined();
    expect(mismatchData(refusal('PRECONDITION_FAILED - unknown delivery tag 1'))).toBeUndefined();
    expect(mismatchData(new Error(durable))).toBeUndefined();
    expect(topologyMismatch(undefined)).toBeUndefined();
  });
});

describe('a control exchange that others have made not durable', () => {
  const nova: ExchangeSpec = { name: 'nova', type: 'topic', durable: true, autoDelete: false };

  test('is used as it is from then on, which is logged once', () => {
    const logger = new RecordingLogger();
    const fallbacks = new ExchangeFallbacks(logger);
    expect(fallbacks.apply(nova)).toBe(nova);
    expect([fallbacks.learn(refusal(durable)), fallbacks.learn(refusal(durable))]).toEqual([true, true]);
    expect(fallbacks.apply(nova)).toEqual({ ...nova, durable: false });
    expect(fallbacks.apply({ ...nova, name: 'other' })).toMatchObject({ durable: true });
    expect(logger.at('warn')).toHaveLength(1);
  });

  test.each([
    durable.replace("'true'", "'false'").replace(/'false'$/, "'true'"),
    durable.replace("'durable'", "'auto_delete'"),
    durable.replace('exchange', 'queue'),
  ])('is the only tolerated difference: not %s', (text) => {
    const fallbacks = new ExchangeFallbacks(new RecordingLogger());
    expect(fallbacks.learn(refusal(text))).toBe(false);
    expect(fallbacks.apply(nova)).toBe(nova);
  });
});
