import { Tally } from './tally.ts';

/** How a request ended for its caller. */
export type Outcome =
  /** 2xx: what was requested will be done. */
  | 'accepted'
  /** 4xx: the server was not in the right state. */
  | 'refused'
  /** 503: try again later. */
  | 'unavailable'
  /** No answer: it may have been accepted. */
  | 'unanswered'
  /** Any other 5xx. */
  | 'failed';

/** What was requested from the API, and what it promised. */
export class Ledger {
  /** Servers whose boot was accepted. */
  readonly booted = new Set<string>();
  /** Servers whose deletion was accepted. */
  readonly deleted = new Set<string>();
  /** Servers whose deletion may have been. */
  readonly maybeDeleted = new Set<string>();
  /** Requests that were answered with an error that nobody can act on. */
  readonly failures: string[] = [];
  readonly #requests = new Tally();

  count(operation: string, outcome: Outcome): void {
    this.#requests.add(`${operation} ${outcome}`);
  }

  /** Requests by operation and outcome, sorted. */
  get counts(): Record<string, number> {
    return this.#requests.counts;
  }
}
