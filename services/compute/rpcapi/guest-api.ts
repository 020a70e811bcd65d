import { type ClientFactory, type RPCClient, type RpcContext, Target } from '@mini-nova/messaging';
import type { GuestContract, GuestRecord, Outcome } from './guest-contract.ts';

/** The client side of what operators do with the guests of a host. */
export class GuestAPI {
  readonly #client: RPCClient<GuestContract>;

  constructor(rpc: ClientFactory, { timeout }: { timeout: number }) {
    const target = new Target({ topic: 'compute', namespace: 'guest', version: '1.0' });
    this.#client = rpc.getClient<GuestContract>(target, { timeout, retry: 0 });
  }

  async listGuests(ctxt: RpcContext, host: string): Promise<GuestRecord[]> {
    return this.#client.prepare({ server: host }).call(ctxt, 'list_guests', {});
  }

  async removeGuest(ctxt: RpcContext, host: string, instanceUuid: string): Promise<Outcome> {
    return this.#client.prepare({ server: host }).call(ctxt, 'remove_guest', { instance_uuid: instanceUuid });
  }

  async acceptRecords(ctxt: RpcContext, host: string): Promise<Outcome> {
    return this.#client.prepare({ server: host }).call(ctxt, 'accept_records', {});
  }
}
