import type { MetricFigures } from './worker-figures.ts';

// The launcher's own messages between primary and worker begin with `mini-nova:`; those of others are not for it.

/** The primary asks a worker for its figures. */
export const FIGURES_QUESTION = { type: 'metrics:ask' } as const;

/** A worker's figures, asked for or not; null: it could not take them. */
export interface FiguresAnswer {
  type: 'metrics:figures';
  figures: MetricFigures[] | null;
}

export function isFiguresQuestion(message: unknown): boolean {
  return typeOf(message) === FIGURES_QUESTION.type;
}

export function isFiguresAnswer(message: unknown): message is FiguresAnswer {
  return typeOf(message) === 'metrics:figures';
}

function typeOf(message: unknown): unknown {
  return typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
}
