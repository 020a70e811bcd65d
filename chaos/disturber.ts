import type { Tally } from './tally.ts';

/** Something that repeatedly harms a cloud. */
export interface Disturber {
  /** By what was harmed, or how. */
  readonly tally: Tally;
  /** Harms until `enough` says so; resolves when everything is up again. `onHarm` is called with each target. */
  run(enough: () => boolean, onHarm: (target: string) => void): Promise<void>;
}
