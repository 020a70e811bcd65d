import { Counter, Histogram, type Registry } from 'prom-client';
import { errorName } from '../error-name.ts';
import { BoundedLabels } from './bounded-labels.ts';

/** Seconds: from an RPC in one process to a call that runs into its timeout. */
export const DURATION_BUCKETS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];
const MAX_METHODS = 1_000;
const MAX_ERRORS = 100;

type Labels = 'method' | 'kind';

/** How long the RPCs at one end took, and how they failed. */
export class RpcFigures {
  readonly #durations: Histogram<Labels>;
  readonly #errors: Counter<'method' | 'error'>;
  /** By kind and method: a map is cheaper than a look-up by labels. */
  readonly #children = new Map<string, Histogram.Internal<Labels>>();
  readonly #methods = new BoundedLabels(MAX_METHODS);
  readonly #errorNames = new BoundedLabels(MAX_ERRORS);

  constructor(registry: Registry, end: 'server' | 'client') {
    const what = end === 'server' ? 'RPC requests that were served' : 'RPCs that were sent';
    this.#durations = new Histogram({
      name: `nova_rpc_${end}_duration_seconds`,
      help: `Duration of ${what}, failed ones included`,
      labelNames: ['method', 'kind'],
      buckets: DURATION_BUCKETS,
      registers: [registry],
    });
    this.#errors = new Counter({
      name: `nova_rpc_${end}_errors_total`,
      help: `${what} and failed, by the class of their error`,
      labelNames: ['method', 'error'],
      registers: [registry],
    });
  }

  /** Returns the method as it is counted. */
  succeeded(method: string, kind: string, seconds: number): string {
    const counted = this.#methods.of(method);
    this.#child(counted, kind).observe(seconds);
    return counted;
  }

  /** Returns the method as it is counted. */
  failed(method: string, kind: string, seconds: number, error: unknown): string {
    const counted = this.succeeded(method, kind, seconds);
    this.#errors.inc({ method: counted, error: this.#errorNames.of(errorName(error)) });
    return counted;
  }

  #child(method: string, kind: string): Histogram.Internal<Labels> {
    const key = `${kind} ${method}`;
    let child = this.#children.get(key);
    if (child === undefined) {
      child = this.#durations.labels(method, kind);
      this.#children.set(key, child);
    }
    return child;
  }
}
