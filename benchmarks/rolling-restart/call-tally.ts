import { quantile } from '../shared/statistics.ts';

/** What became of the calls so far. */
export interface CallSummary {
  made: number;
  answered: number;
  /** Calls that failed, by the class of their error. */
  errors: Record<string, number>;
  /** Neither answered nor failed. */
  pending: number;
  /** From call to answer, in milliseconds. */
  p50: number;
  p99: number;
  longest: number;
  /** Processes that answered. */
  processes: number;
}

export class CallTally {
  #made = 0;
  readonly #waits: number[] = [];
  readonly #errors = new Map<string, number>();
  readonly #pids = new Set<number>();

  onCall(): void {
    this.#made += 1;
  }

  /** `wait`: milliseconds since the call. `pid`: the process that answered. */
  onAnswer(wait: number, pid: number): void {
    this.#waits.push(wait);
    this.#pids.add(pid);
  }

  onError(name: string): void {
    this.#errors.set(name, (this.#errors.get(name) ?? 0) + 1);
  }

  get pending(): number {
    const failed = [...this.#errors.values()].reduce((sum, count) => sum + count, 0);
    return this.#made - this.#waits.length - failed;
  }

  summary(): CallSummary {
    const ascending = Float64Array.from(this.#waits).sort();
    return {
      made: this.#made,
      answered: this.#waits.length,
      errors: Object.fromEntries(this.#errors),
      pending: this.pending,
      p50: quantile(ascending, 0.5),
      p99: quantile(ascending, 0.99),
      longest: ascending.at(-1) ?? Number.NaN,
      processes: this.#pids.size,
    };
  }
}
