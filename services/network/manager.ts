import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { type EndpointOf, type RpcRequest, Target } from '@mini-nova/messaging';
import type { NetworkContract } from '@mini-nova/network/rpcapi';
import type { RequestContext } from '@mini-nova/service';
import { WorkQueue } from '@mini-nova/service';
import type { InstancePorts } from './instance-ports.ts';

type Args<M extends keyof NetworkContract> = NetworkContract[M]['args'];

/** Serves the network API, beside the conductor's. */
export class NetworkManager implements EndpointOf<NetworkContract, RequestContext> {
  readonly target = new Target({ namespace: 'network', version: '1.0' });
  readonly rpcMethods = [
    'allocate_for_instance',
    'deallocate_for_instance',
    'allocate_port_for_instance',
    'deallocate_port_for_instance',
    'get_host_nw_info',
    'get_instance_nw_info',
  ] as const satisfies (keyof NetworkContract)[];
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
    args: Args<'allocate_for_instance'>,
    caller?: RpcRequest,
  ): Promise<VirtualInterface[]> {
    return this.#queue.run(() => this.#ports.allocate(args), caller);
  }

  async deallocateForInstance(
    _ctxt: RequestContext,
    args: Args<'deallocate_for_instance'>,
    caller?: RpcRequest,
  ): Promise<null> {
    await this.#queue.run(() => this.#ports.release(args.instance_uuid), caller);
    return null;
  }

  async allocatePortForInstance(
    _ctxt: RequestContext,
    args: Args<'allocate_port_for_instance'>,
    caller?: RpcRequest,
  ): Promise<VirtualInterface> {
    return this.#queue.run(() => this.#ports.allocateOne(args), caller);
  }

  async deallocatePortForInstance(
    _ctxt: RequestContext,
    args: Args<'deallocate_port_for_instance'>,
    caller?: RpcRequest,
  ): Promise<null> {
    await this.#queue.run(() => this.#ports.releaseOne(args.instance_uuid, args.port_id), caller);
    return null;
  }

  async getHostNwInfo(
    _ctxt: RequestContext,
    args: Args<'get_host_nw_info'>,
  ): Promise<NetworkContract['get_host_nw_info']['result']> {
    return this.#ports.listOfHost(args.host);
  }

  async getInstanceNwInfo(
    _ctxt: RequestContext,
    args: Args<'get_instance_nw_info'>,
    caller?: RpcRequest,
  ): Promise<VirtualInterface[]> {
    return this.#queue.run(() => this.#ports.list(args.instance_uuid), caller);
  }
}
