import { type OutageRetryOptions, retryOnOutage } from '@mini-nova/domain/outage-retry';
import type { ResourceAmounts } from '@mini-nova/domain/resources';
import { type ClientFactory, type RPCClient, type RpcContext, Target } from '@mini-nova/messaging';
import type { PlacementContract } from './contract.ts';

type Args<M extends keyof PlacementContract> = PlacementContract[M]['args'];

/** The client side of placement. All its methods are idempotent, and repeated when nobody answers. */
export class PlacementAPI {
  readonly #client: RPCClient<PlacementContract>;
  readonly #retry: OutageRetryOptions;

  constructor(rpc: ClientFactory, retry: OutageRetryOptions = {}) {
    const target = new Target({ topic: 'conductor', namespace: 'placement', version: '1.0' });
    this.#client = rpc.getClient<PlacementContract>(target);
    this.#retry = retry;
  }

  async setInventory(ctxt: RpcContext, args: Args<'set_inventory'>): Promise<void> {
    await this.#call(() => this.#client.call(ctxt, 'set_inventory', args));
  }

  async deleteAllocations(ctxt: RpcContext, args: Args<'delete_allocations'>): Promise<void> {
    await this.#call(() => this.#client.call(ctxt, 'delete_allocations', args));
  }

  /** By consumer uuid. */
  async getProviderAllocations(
    ctxt: RpcContext,
    args: Args<'get_provider_allocations'>,
  ): Promise<{ [consumerUuid: string]: ResourceAmounts }> {
    return this.#call(() => this.#client.call(ctxt, 'get_provider_allocations', args));
  }

  /** By provider uuid. */
  async getAllocations(
    ctxt: RpcContext,
    args: Args<'get_allocations'>,
  ): Promise<{ [providerUuid: string]: ResourceAmounts }> {
    const client = this.#client.prepare({ version: '1.1' });
    return this.#call(() => client.call(ctxt, 'get_allocations', args));
  }

  #call<T>(request: () => Promise<T>): Promise<T> {
    return retryOnOutage(request, this.#retry);
  }
}
