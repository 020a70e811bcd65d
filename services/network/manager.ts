import { type EndpointOf, Target } from '@mini-nova/messaging';
import type { RequestContext } from '@mini-nova/service';
import type { NetworkContract } from './contract.ts';
import type { InstancePorts } from './instance-ports.ts';
import type { VirtualInterface } from './model.ts';

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

  constructor(ports: InstancePorts) {
    this.#ports = ports;
  }

  async allocateForInstance(
    _ctxt: RequestContext,
    args: Args<'allocate_for_instance'>,
  ): Promise<VirtualInterface[]> {
    return this.#ports.allocate(args);
  }

  async deallocateForInstance(_ctxt: RequestContext, args: Args<'deallocate_for_instance'>): Promise<null> {
    await this.#ports.release(args.instance_uuid);
    return null;
  }

  async allocatePortForInstance(
    _ctxt: RequestContext,
    args: Args<'allocate_port_for_instance'>,
  ): Promise<VirtualInterface> {
    return this.#ports.allocateOne(args);
  }

  async deallocatePortForInstance(
    _ctxt: RequestContext,
    args: Args<'deallocate_port_for_instance'>,
  ): Promise<null> {
    await this.#ports.releaseOne(args.instance_uuid, args.port_id);
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
  ): Promise<VirtualInterface[]> {
    return this.#ports.list(args.instance_uuid);
  }
}
