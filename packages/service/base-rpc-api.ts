import { type EndpointOf, Target } from '@mini-nova/messaging';

/** What every service answers. Namespace `baseapi`, version 1.1. */
export type BaseContract = {
  ping: { args: { arg: unknown }; result: { service: string; arg: unknown } };
  /** The port of a debugging console; null: there is none. */
  get_backdoor_port: { args: object; result: number | null };
};

/** Part of every service: who can `ping` it knows that it answers through its queue. */
export class BaseRPCAPI implements EndpointOf<BaseContract> {
  readonly target = new Target({ namespace: 'baseapi', version: '1.1' });
  readonly rpcMethods = ['ping', 'get_backdoor_port'] as const;
  readonly #service: string;

  constructor(service: string) {
    this.#service = service;
  }

  ping(_ctxt: unknown, { arg }: BaseContract['ping']['args']): BaseContract['ping']['result'] {
    return { service: this.#service, arg };
  }

  getBackdoorPort(): null {
    return null;
  }
}
