import { call, clientOf, defineRpc, type EndpointOf, type JsonValue, type } from '@mini-nova/messaging';

/** The methods that every service answers, whatever its topic. */
export const baseRpc = defineRpc(
  { namespace: 'baseapi', version: '1.1' },
  {
    /** Answers with its argument. Nova's own services require `arg`. */
    ping: call('ping', {
      since: '1.0',
      to: 'topic',
      args: type<{ arg?: JsonValue }>(),
      result: type<{ service: string; arg: JsonValue }>(),
    }),
    /** The port of the observability endpoint; null if there is none. */
    getBackdoorPort: call('get_backdoor_port', { since: '1.1', to: 'topic', result: type<number | null>() }),
  },
);

/** The client side of the base API: with the `topic` of a service, and its `server` if one is meant. */
export class BaseAPI extends clientOf(baseRpc) {}

export interface BaseRPCAPIOptions {
  /** What `ping` answers: `compute`. */
  service: string;
  backdoorPort?: (() => number | null) | undefined;
}

/** Part of every service: whoever can `ping` it knows that it answers through its queue. */
export class BaseRPCAPI implements EndpointOf<typeof baseRpc> {
  readonly #options: BaseRPCAPIOptions;

  constructor(options: BaseRPCAPIOptions) {
    this.#options = options;
  }

  ping(_ctxt: unknown, { arg = null }: { arg?: JsonValue }): { service: string; arg: JsonValue } {
    return { service: this.#options.service, arg };
  }

  getBackdoorPort(): number | null {
    return this.#options.backdoorPort?.() ?? null;
  }
}
