import type { CastOptions } from '@mini-nova/domain/cast-options';
import { type ClientFactory, type RPCClient, type RpcContext, Target } from '@mini-nova/messaging';
import type { ComputeTaskContract } from './contract.ts';

type TaskArgs<M extends keyof ComputeTaskContract> = ComputeTaskContract[M]['args'];

/** The client side of the orchestration of builds. As in Nova, `[upgrade_levels]` does not pin it. */
export class ComputeTaskAPI {
  readonly #client: RPCClient<ComputeTaskContract>;

  constructor(rpc: ClientFactory) {
    const target = new Target({ topic: 'conductor', namespace: 'compute_task', version: '1.0' });
    this.#client = rpc.getClient<ComputeTaskContract>(target);
  }

  async scheduleAndBuildInstances(
    ctxt: RpcContext,
    args: TaskArgs<'schedule_and_build_instances'>,
    options: CastOptions = {},
  ): Promise<void> {
    const client = this.#client.prepare({ version: '1.17', ...options });
    await client.cast(ctxt, 'schedule_and_build_instances', args);
  }

  async buildInstances(ctxt: RpcContext, args: TaskArgs<'build_instances'>): Promise<void> {
    await this.#client.prepare({ version: '1.19' }).cast(ctxt, 'build_instances', args);
  }
}
