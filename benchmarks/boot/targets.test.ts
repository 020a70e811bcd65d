import { describe, expect, it } from 'vitest';
import { type BootFigures, IDLE } from './measure-boots.ts';
import { bootTargets } from './targets.ts';

function round(processor: number, p99: number): BootFigures {
  const latency = { p50: 1, longest: 900, samples: 100 };
  return {
    perSecond: 10,
    processor: { 'nova-conductor': processor / 2, 'nova-api': processor / 2 },
    latencies: { flavor: { ...latency, p99 }, [IDLE]: { ...latency, p99: 500 } },
  };
}

describe('bootTargets', () => {
  it('compares medians with what is promised, and shows the spread', () => {
    const targets = bootTargets('memory', [round(8, 70), round(30, 40), round(9, 45)]);
    expect(targets.map(({ what, actual, met }) => [what, actual, met])).toEqual([
      ['processor ms per boot', 9, true],
      ['flavor, p99 ms', 45, true],
    ]);
    expect(targets[1]?.spread).toEqual([40, 70]);
  });

  it('is not met by more', () => {
    expect(bootTargets('memory', [round(10.1, 50)]).map(({ met }) => met)).toEqual([false, false]);
  });

  it('promises latencies only of daemons', () => {
    expect(bootTargets('rabbit', [round(30, 40)]).map(({ what }) => what)).toEqual(['flavor, p99 ms']);
  });
});
