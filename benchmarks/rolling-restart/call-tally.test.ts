import { describe, expect, it } from 'vitest';
import { CallTally } from './call-tally.ts';

describe('CallTally', () => {
  it('tells answered, failed and pending calls apart', () => {
    const tally = new CallTally();
    for (let call = 0; call < 6; call += 1) tally.onCall();
    tally.onAnswer(3, 41);
    tally.onAnswer(1, 42);
    tally.onError('ServerLost');
    tally.onError('ServerLost');
    tally.onError('MessagingTimeout');
    expect(tally.summary()).toMatchObject({
      made: 6,
      answered: 2,
      errors: { ServerLost: 2, MessagingTimeout: 1 },
      pending: 1,
      processes: 2,
    });
  });

  it('sorts waits as numbers, in whatever order the answers came', () => {
    const tally = new CallTally();
    for (const wait of [100, 9, 20, 1]) tally.onAnswer(wait, 1);
    expect(tally.summary()).toMatchObject({ p50: 9, p99: 100, longest: 100 });
  });

  it('has no waits without answers', () => {
    expect(new CallTally().summary()).toMatchObject({ p50: Number.NaN, longest: Number.NaN, pending: 0 });
  });
});
