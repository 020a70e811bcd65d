import { describe, expect, it } from 'vitest';
import type { StartFigures } from './subject.ts';
import { startTargets } from './targets.ts';

function start(line: number | null, answer: number, memory: number, memoryLater: number): StartFigures {
  return { line, answer, cpu: 0.5, memory, memoryLater, memoryPeak: 500 };
}

describe('startTargets', () => {
  it('compares medians with what is promised, and shows the spread', () => {
    const targets = startTargets([start(0.5, 0.9, 90, 95), start(0.4, 1.1, 300, 95), start(9, 1.2, 91, 120)]);
    expect(targets.map(({ actual, met }) => [actual, met])).toEqual([
      [0.5, true],
      [1.1, false],
      [91, true],
      [95, true],
    ]);
    expect(targets[0]?.spread).toEqual([0.4, 9]);
  });

  it('is not met by an equal figure', () => {
    expect(startTargets([start(1, 0.5, 110, 109.9)]).map(({ met }) => met)).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('is not met by a figure that was not measured', () => {
    expect(startTargets([]).some(({ met }) => met)).toBe(false);
    expect(startTargets([start(null, 0.5, 1, 1)])[0]?.met).toBe(false);
  });
});
