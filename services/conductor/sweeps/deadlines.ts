import {
  type Plan,
  plansOf,
  ruleFor,
  type StoredState,
  type Way,
} from '@mini-nova/domain/states/instance-states';
import { secondsOf, type Timeouts } from '@mini-nova/domain/states/patience';
import type { Instance } from '@mini-nova/objects';

/** Since when instances have to have got on: what the table of states says, with the timeouts of now. */
export class Deadlines {
  /** By the database's clock. */
  readonly now: Date;
  readonly #timeouts: Timeouts;

  constructor(now: Date, timeouts: Timeouts) {
    this.now = now;
    this.#timeouts = timeouts;
  }

  /** Seconds without progress after which it is settled; infinite: never. */
  secondsOf(instance: StoredState): number {
    return patienceWith(ruleFor(instance), this.#timeouts);
  }

  /** Seconds without progress after which its compute is asked again; where none is, it is settled. */
  secondsToRepeat(instance: StoredState): number {
    return repeatedAfter(ruleFor(instance), this.#timeouts);
  }

  /** Whether it is to be settled. */
  isOver(instance: Instance): boolean {
    return this.#isUnchangedFor(this.secondsOf(instance), instance);
  }

  /** Whether its compute is to be asked again; where none is, whether it is to be settled. */
  isToRepeat(instance: Instance): boolean {
    return this.#isUnchangedFor(this.secondsToRepeat(instance), instance);
  }

  /** What was changed since then is of no interest to those who see to these ways; undefined: nothing is. */
  earliest(ways: readonly Way[]): Date | undefined {
    const seconds = Math.min(...plansOf(ways).map((plan) => repeatedAfter(plan, this.#timeouts)));
    return Number.isFinite(seconds) ? this.#before(seconds) : undefined;
  }

  #isUnchangedFor(seconds: number, { updated_at, created_at }: Instance): boolean {
    const changed = updated_at ?? created_at;
    return Number.isFinite(seconds) && (changed === null || changed < this.#before(seconds));
  }

  #before(seconds: number): Date {
    return new Date(this.now.getTime() - seconds * 1000);
  }
}

/** The seconds after which something comes to rest in one of these ways; none: nothing does. */
export function timesOf(ways: readonly Way[], timeouts: Timeouts): number[] {
  const times = plansOf(ways).map((plan) => patienceWith(plan, timeouts));
  return [...new Set(times)].filter(Number.isFinite);
}

function patienceWith({ patience }: Plan, timeouts: Timeouts): number {
  return patience ? secondsOf(patience, timeouts) : Number.POSITIVE_INFINITY;
}

function repeatedAfter(plan: Plan, timeouts: Timeouts): number {
  return patienceWith(plan, timeouts) * (plan.askedAgainAfter ?? 1);
}
