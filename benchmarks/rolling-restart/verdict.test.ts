import { describe, expect, it } from 'vitest';
import type { CallSummary } from './call-tally.ts';
import { type BrokerState, countExecutions, type RunFigures, restartTargets } from './verdict.ts';

function run(calls: Partial<CallSummary>, executions: readonly number[], end: BrokerState): RunFigures {
  const summary = { made: 3, answered: 3, errors: {}, pending: 0, p50: 1, p99: 1, longest: 1, processes: 1 };
  return { calls: { ...summary, ...calls }, executions, broker: [{ queues: 6, messages: 0 }, end] };
}

const still: BrokerState = { queues: 6, messages: 0 };

describe('restartTargets', () => {
  it('are met when every call was answered, ran once, and left nothing', () => {
    const targets = restartTargets(run({}, [1, 1, 1], still));
    expect(targets.map(({ met }) => met)).toEqual([true, true, true, true]);
  });

  it('count failed and pending calls as lost', () => {
    const [lost] = restartTargets(
      run({ made: 9, answered: 6, errors: { ServerLost: 2 }, pending: 1 }, [], still),
    );
    expect(lost).toMatchObject({ actual: 3, met: false });
  });

  it('count the calls that ran again, however often', () => {
    const [, repeated] = restartTargets(run({}, [1, 4, 2], still));
    expect(repeated).toMatchObject({ actual: 2, met: false });
  });

  it('are missed when the broker holds more than before', () => {
    const targets = restartTargets(run({}, [1, 1, 1], { queues: 7, messages: 2 }));
    expect(targets.slice(2).map(({ actual, met }) => [actual, met])).toEqual([
      [1, false],
      [2, false],
    ]);
  });

  it('are met when the broker holds less than before', () => {
    expect(restartTargets(run({}, [], { queues: 5, messages: 0 }))[2]?.met).toBe(true);
  });
});

describe('countExecutions', () => {
  it('counts by call number, whatever the order', () => {
    expect(countExecutions('2\n0\n2\n4\n')).toEqual([1, 0, 2, 0, 1]);
    expect(countExecutions('')).toEqual([]);
  });
});
