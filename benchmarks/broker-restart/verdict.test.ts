import { describe, expect, it } from 'vitest';
import type { CallRecords } from './call-record.ts';
import { judge } from './verdict.ts';

/** Calls each as [sent, settled, outcome], in seconds. */
function records(...calls: [sent: number, settled: number | null, outcome: string | null][]): CallRecords {
  return {
    sentAt: calls.map(([sent]) => sent * 1000),
    settledAt: calls.map(([, settled]) => settled && settled * 1000),
    outcomes: calls.map(([, , outcome]) => outcome),
  };
}

const absence = { from: 10_000, to: 15_000 };

describe('judge', () => {
  it("does not count the broker's own absence as stalls and waits", () => {
    const verdict = judge(records([8, 8.5, 'ok'], [9, 17, 'ok'], [16, 17, 'ok']), [1, 1, 1], absence);
    // From 8.5 to 17 are 8.5 s, of which the broker was away for 5.
    expect(verdict.longestStall).toBeCloseTo(3.5);
    expect(verdict.longestWait).toBeCloseTo(3);
  });

  it('counts a stall from the first sending, and to the last', () => {
    expect(judge(records([1, 4, 'ok'], [4, 4, 'ok']), [1, 1], absence).longestStall).toBeCloseTo(3);
    expect(judge(records([1, 1, 'ok'], [9, null, null]), [1], absence).longestStall).toBeCloseTo(8);
  });

  it('tells errors with a type from lost calls', () => {
    const verdict = judge(
      records([1, 2, 'ServerLost'], [1, 2, 'untyped TypeError'], [1, null, null], [1, 2, 'ok']),
      [1, 1, 1, 1],
      absence,
    );
    expect(verdict).toMatchObject({ calls: 4, answered: 1, lost: 2, typedErrors: { ServerLost: 1 } });
    expect(verdict.slowestError).toBeCloseTo(1);
  });

  it('counts the calls that ran more than once', () => {
    expect(judge(records([1, 2, 'ok'], [1, 2, 'ok']), [3, 1], absence).repeated).toBe(1);
  });
});
