import { figure } from './table.ts';

/** One of the promises that a benchmark looks after. */
export interface Target {
  what: string;
  wanted: string;
  actual: number;
  met: boolean;
  /** Decimal places of `actual`. Default: 2, or none from 1,000. */
  digits?: number;
  /** The lowest and the highest of one round: how noisy the run was. */
  spread?: readonly [low: number, high: number];
}

export function targetLine(target: Target): string {
  const { what, wanted, actual, met, spread, digits = actual < 1000 ? 2 : 0 } = target;
  const range = spread && ` (rounds: ${spread.map((value) => figure(value, digits)).join(' to ')})`;
  return `${met ? 'met   ' : 'MISSED'} ${what} ${wanted}: ${figure(actual, digits)}${range ?? ''}`;
}
