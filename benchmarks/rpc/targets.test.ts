import { describe, expect, it } from 'vitest';
import type { CallFigures, ContenderRounds } from './figures.ts';
import { targets } from './targets.ts';

function rounds(id: string, perSecond: readonly number[], p50: number): ContenderRounds {
  const end = { cpu: 1, loopDelay: null };
  const figures = (rate: number): CallFigures => ({
    perSecond: rate,
    p50,
    p99: p50,
    client: end,
    server: end,
  });
  return { id, title: id, calls: { 1: [figures(1)], 64: perSecond.map(figures) }, casts: [], memory: null };
}

describe('targets', () => {
  it('compare medians with what is promised', () => {
    const ours = rounds('mini-nova', [100, 900, 800], 1.3);
    const theirs = rounds('hand-written', [1000, 1000, 1], 1);
    expect(targets([ours, theirs], 99_000)).toMatchObject([
      { actual: 0.8, met: false },
      { actual: 1.3, met: false },
      { actual: 99_000, met: false },
    ]);
    const faster = rounds('mini-nova', [900, 900, 900], 1.1);
    expect(targets([faster, theirs], 100_000).map(({ met }) => met)).toEqual([true, true, true]);
  });

  it('say nothing about what was not measured', () => {
    expect(targets([rounds('mini-nova', [1], 1)], null)).toEqual([]);
  });
});
