import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { type OutageRetryOptions, retryOnOutage } from '@mini-nova/domain/outage-retry';
import { type ClientFactory, type RPCClient, type RpcContext, Target } from '@mini-nova/messaging';
import type { NetworkContract } from './contract.ts';

type Args<M extends keyof NetworkContract> = NetworkContract[M]['args'];

/**
 * The client side of the network API. Its methods are idempotent, and repeated when nobody answers: a broker
 * that is away for a while costs time, not the instance.
 */
export class NetworkAPI {
  readonly #client: RPCClient<NetworkContract>;
  readonly #retry: OutageRetryOptions;

  constructor(rpc: ClientFactory, retry: OutageRetryOptions = {}) {
    const target = new Target({ topic: 'conductor', namespace: 'network', version: '1.0' });
    this.#client = rpc.getClient<NetworkContract>(target);
    this.#retry = retry;
  }

  async allocateForInstance(
    ctxt: RpcContext,
    args: Args<'allocate_for_instance'>,
  ): Promise<VirtualInterface[]> {
    return this.#call(() => this.#client.call(ctxt, 'allocate_for_instance', args));
  }

  async deallocateForInstance(ctxt: RpcContext, args: Args<'deallocate_for_instance'>): Promise<void> {
    await this.#call(() => this.#client.call(ctxt, 'deallocate_for_instance', args));
  }

  /** Not repeated: a new port asked for twice is two ports. @throws MessagingTimeout */
  async allocatePortForInstance(
    ctxt: RpcContext,
    args: Args<'allocate_port_for_instance'>,
  ): Promise<VirtualInterface> {
    return this.#client.call(ctxt, 'allocate_port_for_instance', args);
  }

  async deallocatePortForInstance(
    ctxt: RpcContext,
    args: Args<'deallocate_port_for_instance'>,
  ): Promise<void> {
    await this.#call(() => this.#client.call(ctxt, 'deallocate_port_for_instance', args));
  }

  async getHostNwInfo(
    ctxt: RpcContext,
    args: Args<'get_host_nw_info'>,
  ): Promise<NetworkContract['get_host_nw_info']['result']> {
    return this.#call(() => this.#client.call(ctxt, 'get_host_nw_info', args));
  }

  async getInstanceNwInfo(ctxt: RpcContext, args: Args<'get_instance_nw_info'>): Promise<VirtualInterface[]> {
    return this.#call(() => this.#client.call(ctxt, 'get_instance_nw_info', args));
  }

  #call<T>(request: () => Promise<T>): Promise<T> {
    return retryOnOutage(request, this.#retry);
  }
}
