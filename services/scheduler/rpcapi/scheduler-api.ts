import { type VersionCapOption, versionCapOf } from '@mini-nova/domain/release-versions';
import { type ClientFactory, type RPCClient, type RpcContext, Target } from '@mini-nova/messaging';
import type { Selection } from '@mini-nova/objects';
import type { SchedulerContract } from './contract.ts';

type Args<M extends keyof SchedulerContract> = SchedulerContract[M]['args'];

/**
 * The client side of the scheduler RPC API.
 *
 * - 4.5: `select_destinations` with `return_alternates`
 */
export class SchedulerAPI {
  readonly #client: RPCClient<SchedulerContract>;

  /** `versionCap`: of the oldest scheduler that must understand the messages. */
  constructor(rpc: ClientFactory, options: VersionCapOption = {}) {
    const target = new Target({ topic: 'scheduler', version: '4.5' });
    this.#client = rpc.getClient<SchedulerContract>(target, versionCapOf('scheduler', options));
  }

  /**
   * Claims a host for each instance: its selection, followed by alternates. Asked again for an instance that holds a
   * claim already, it answers with the same host if that still fits.
   * @throws NoValidHost, and then nothing stays claimed
   */
  async selectDestinations(
    ctxt: RpcContext,
    {
      instance_uuids,
      spec_obj,
      return_alternates = true,
    }: Omit<Args<'select_destinations'>, 'return_objects'>,
  ): Promise<Selection[][]> {
    const args = { instance_uuids, spec_obj, return_objects: true, return_alternates };
    const destinations = await this.#client
      .prepare({ version: '4.5' })
      .call(ctxt, 'select_destinations', args);
    return destinations as Selection[][];
  }
}
