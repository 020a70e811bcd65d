import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { ArgsOf, EndpointOf, ResultOf, RpcRequest } from '@mini-nova/messaging';
import type { networkRpc } from '@mini-nova/network/rpcapi';
import type { RequestContext } from '@mini-nova/service';
import { WorkQueue } from '@mini-nova/service';
import type { InstancePorts } from './instance-ports.ts';

type Args<M extends keyof typeof networkRpc.methods> = ArgsOf<typeof networkRpc, M>;

/** Serves the network API, beside the conductor's. */
export class NetworkManager implements EndpointOf<typeof networkRpc, RequestContext> {
  readonly #ports: InstancePorts;
  readonly #queue: WorkQueue;

  /** `queue`: in which requests wait for the database. */
  constructor(
    ports: InstancePorts,
    queue: WorkQueue = new WorkQueue({ name: 'database', width: () => Number.POSITIVE_INFINITY }),
  ) {
    this.#ports = ports;
    this.#queue = queue;
  }

  async allocateForInstance(
    _ctxt: RequestContext,
    args: Args<'allocateForInstance'>,
    caller?: RpcRequest,
  ): Promise<VirtualInterface[]> {
    return this.#queue.run(() => this.#ports.allocate(args), caller);
  }

  async deallocateForInstance(
    _ctxt: RequestContext,
    args: Args<'deallocateForInstance'>,
    caller?: RpcRequest,
  ): Promise<null> {
    await this.#queue.run(() => this.#ports.release(args.instance_uuid), caller);
    return null;
  }

  async allocatePortForInstance(
    _ctxt: RequestContext,
    args: Args<'allocatePortForInstance'>,
    caller?: RpcRequest,
  ): Promise<VirtualInterface> {
    return this.#queue.run(() => this.#ports.allocateOne(args), caller);
  }

  async deallocatePortForInstance(
    _ctxt: RequestContext,
    args: Args<'deallocatePortForInstance'>,
    caller?: RpcRequest,
  ): Promise<null> {
    await this.#queue.run(() => this.#ports.releaseOne(args.instance_uuid, args.port_id), caller);
    return null;
  }

  async getHostNwInfo(
    _ctxt: RequestContext,
    args: Args<'getHostNwInfo'>,
  ): Promise<ResultOf<typeof networkRpc, 'getHostNwInfo'>> {
    return this.#ports.listOfHost(args.host);
  }

  async getInstanceNwInfo(
    _ctxt: RequestContext,
    args: Args<'getInstanceNwInfo'>,
    caller?: RpcRequest,
  ): Promise<VirtualInterface[]> {
    return this.#queue.run(() => this.#ports.list(args.instance_uuid), caller);
  }
}
