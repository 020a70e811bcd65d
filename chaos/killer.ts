import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '@mini-nova/deployment';
import type { Disturber } from './disturber.ts';
import type { Random } from './random.ts';
import { Tally } from './tally.ts';

/** Seconds between two kills. */
const PAUSE = [1, 6] as const;
/** Seconds for which something stays down. */
const ABSENCE = [0, 3] as const;

/** Kills the cloud's processes one after another, at random, and starts each again; absences may overlap. */
export class Killer implements Disturber {
  readonly tally = new Tally();
  readonly #deployment: Deployment;
  readonly #random: Random;
  readonly #away = new Set<string>();
  readonly #absences = new Set<Promise<void>>();
  readonly #errors: unknown[] = [];

  constructor(deployment: Deployment, random: Random) {
    this.#deployment = deployment;
    this.#random = random;
  }

  /**
   * Kills until `enough` says so, and resolves when everything runs again. @throws the errors of what did not start
   * again
   */
  async run(enough: () => boolean, onHarm: (target: string) => void): Promise<void> {
    while (!enough()) {
      const target = this.#random.pick(this.#deployment.targets.filter((name) => !this.#away.has(name)));
      const [absence, pause] = [this.#random.between(...ABSENCE), this.#random.between(...PAUSE)];
      if (target !== undefined) this.#begin(target, absence, onHarm);
      await sleep(pause * 1000);
    }
    await Promise.all(this.#absences);
    if (this.#errors.length > 0) throw new AggregateError(this.#errors, 'Something did not start again');
  }

  #begin(target: string, absence: number, onHarm: (target: string) => void): void {
    this.#away.add(target);
    this.tally.add(target);
    onHarm(target);
    const done = this.#replace(target, absence)
      .catch((error: unknown) => void this.#errors.push(error))
      .finally(() => {
        this.#away.delete(target);
        this.#absences.delete(done);
      });
    this.#absences.add(done);
  }

  async #replace(target: string, absence: number): Promise<void> {
    await this.#deployment.kill(target);
    await sleep(absence * 1000);
    await this.#deployment.start(target);
  }
}
