import type { Tally } from './tally.ts';

/** Who does harm to a cloud, again and again. */
export interface Disturber {
  /** By what was harmed, or how. */
  readonly tally: Tally;
  /** Until `enough` says so; resolves when all is there again. `onHarm` is told what is harmed. */
  run(enough: () => boolean, onHarm: (target: string) => void): Promise<void>;
}
