import { type EndpointOf, Target } from '@mini-nova/messaging';

/** What every service answers. Namespace `baseapi`, version 1.1. */
export type BaseContract = {
  /** Nova's own services require `arg`. */
  ping: { args: { arg?: unknown }; result: { service: string; arg: unknown } };
  /** The port of the observability endpoint; null: there is none. */
  get_backdoor_port: { args: object; result: number | null };
};

export interface BaseRPCAPIOptions {
  /** What `ping` answers: `compute`. */
  service: string;
  backdoorPort?: (() => number | null) | undefined;
}

/** Part of every service: who can `ping` it knows that it answers through its queue. */
export class BaseRPCAPI implements EndpointOf<BaseContract> {
  readonly target = new Target({ namespace: 'baseapi', version: '1.1' });
  readonly rpcMethods = ['ping', 'get_backdoor_port'] as const;
  readonly #options: BaseRPCAPIOptions;

  constructor(options: BaseRPCAPIOptions) {
    this.#options = options;
  }

  ping(_ctxt: unknown, { arg = null }: BaseContract['ping']['args']): BaseContract['ping']['result'] {
    return { service: this.#options.service, arg };
  }

  getBackdoorPort(): BaseContract['get_backdoor_port']['result'] {
    return this.#options.backdoorPort?.() ?? null;
  }
}
