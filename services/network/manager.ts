import type { Database, Queryable, TransactionOptions } from '@mini-nova/data/database';
import { lockInstance } from '@mini-nova/data/instances/queries';
import { findNetwork, findNetworkByLabel, listNetworks } from '@mini-nova/data/networks/queries';
import type { NetworkRow } from '@mini-nova/data/networks/table';
import {
  allocatePortIn,
  bindPort,
  findPort,
  listPortsOfDevice,
  listPortsOfHost,
  movePorts,
  releasePorts,
} from '@mini-nova/data/ports/queries';
import type { PortRow } from '@mini-nova/data/ports/table';
import { databaseTimestamp, isUniqueViolation } from '@mini-nova/database';
import {
  InstanceNotFound,
  InterfaceAttachFailedNoNetwork,
  NetworkNotFound,
  PortInUse,
  PortNotFound,
} from '@mini-nova/domain/exceptions';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { ArgsOf, EndpointOf, ResultOf, RpcRequest } from '@mini-nova/messaging';
import type { networkRpc } from '@mini-nova/network/rpcapi';
import type { NetworkRequest } from '@mini-nova/objects';
import { type RequestContext, WorkQueue } from '@mini-nova/service';
import { allocationError } from './errors.ts';

type Args<M extends keyof typeof networkRpc.methods> = ArgsOf<typeof networkRpc, M>;

/** Serves the network API, beside the conductor's endpoints. */
export class NetworkManager implements EndpointOf<typeof networkRpc, RequestContext> {
  readonly #ports: InstancePorts;
  readonly #queue: WorkQueue;

  /** `queue`: where requests wait for the database. */
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

/** The most tries to draw a free random MAC address. */
const ATTEMPTS = 5;

/** A wanted port, and the instance and host for which it is. */
interface PortWish {
  instanceUuid: string;
  host: string;
  /** An existing port; null: a new one on the network. */
  portId: string | null;
  /** Null: the default network. */
  networkId: string | null;
  fixedIp: string | null;
}

/** The ports of instances, in the database. Each method is one transaction: it happens as a whole or not at all. */
export class InstancePorts {
  readonly #db: Database;
  readonly #defaultNetwork: string;

  /** `defaultNetwork`: the label of the network for requests that name none. */
  constructor(db: Database, { defaultNetwork }: { defaultNetwork: string }) {
    this.#db = db;
    this.#defaultNetwork = defaultNetwork;
  }

  /**
   * The ports an instance starts with. If it already has ports, those.
   *
   * @throws InstanceNotFound also when it was deleted meanwhile, so that nothing is allocated for a deleted one
   */
  async allocate(args: Args<'allocateForInstance'>): Promise<VirtualInterface[]> {
    const { instance_uuid: instanceUuid, host, requested_networks } = args;
    const wishes = [...(requested_networks ?? [])].map((request) => wishOf(request, { instanceUuid, host }));
    const wanted = wishes.length > 0 ? wishes : [anyNetwork({ instanceUuid, host })];
    const work = async (trx: Queryable) => {
      const at = databaseTimestamp(trx);
      if ((await listPortsOfDevice(trx, instanceUuid)).length === 0) {
        for (const wish of wanted) if (wish !== null) await this.#takePort(trx, wish);
      } else {
        await movePorts(trx, { deviceUuid: instanceUuid, host, at });
      }
      return interfacesOf(trx, instanceUuid);
    };
    return this.#forInstance(instanceUuid, work, { lostCommit: 'repeat' });
  }

  /** One more port. @throws PortInUse also when the instance itself has it */
  async allocateOne(args: Args<'allocatePortForInstance'>): Promise<VirtualInterface> {
    const { instance_uuid: instanceUuid, project_id, host, network_id, port_id, requested_ip } = args;
    const wish = { instanceUuid, host, portId: port_id, networkId: network_id, fixedIp: requested_ip };
    const work = async (trx: Queryable) => {
      if (port_id !== null && (await findPort(trx, port_id))?.device_uuid === instanceUuid)
        throw new PortInUse({ port_id });
      if (port_id === null && network_id === null) await this.#assertDefaultNetwork(trx, project_id);
      const port = await this.#takePort(trx, wish);
      return interfaceOf(trx, port);
    };
    return this.#forInstance(instanceUuid, work, {
      lostCommit: async (db, { id }) => (await findPort(db, id))?.device_uuid === instanceUuid,
    });
  }

  /** Deletes the ports that were made for the instance and unbinds those it was given. */
  async release(instanceUuid: string): Promise<void> {
    await this.#release({ deviceUuid: instanceUuid });
  }

  async releaseOne(instanceUuid: string, portUuid: string): Promise<void> {
    await this.#release({ deviceUuid: instanceUuid, portUuid });
  }

  /** In the order in which they were requested. */
  async list(instanceUuid: string): Promise<VirtualInterface[]> {
    return interfacesOf(this.#db.kysely, instanceUuid);
  }

  /** By instance, each in the order in which they were requested. */
  async listOfHost(host: string): Promise<{ [instanceUuid: string]: VirtualInterface[] }> {
    const { kysely } = this.#db;
    const networks = new Map((await listNetworks(kysely)).map((network) => [network.uuid, network]));
    const byInstance: { [instanceUuid: string]: VirtualInterface[] } = {};
    for (const port of await listPortsOfHost(kysely, host)) {
      const network = networks.get(port.network_uuid);
      if (port.device_uuid === null || !network) continue;
      byInstance[port.device_uuid] = [
        ...(byInstance[port.device_uuid] ?? []),
        virtualInterfaceOf(port, network),
      ];
    }
    return byInstance;
  }

  async #release(ports: { deviceUuid: string; portUuid?: string }): Promise<void> {
    const work = (trx: Queryable) => releasePorts(trx, { ...ports, at: databaseTimestamp(trx) });
    await this.#db.transaction(work, { lostCommit: 'repeat' });
  }

  /** Allocations of one instance run one after another; when a random MAC address is taken, another is drawn. */
  async #forInstance<T>(
    instanceUuid: string,
    work: (trx: Queryable) => Promise<T>,
    options: TransactionOptions<T>,
  ): Promise<T> {
    const guarded = async (trx: Queryable) => {
      if (!(await lockInstance(trx, instanceUuid))) throw new InstanceNotFound({ instance_id: instanceUuid });
      return work(trx);
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#db.transaction(guarded, options);
      } catch (error) {
        if (attempt >= ATTEMPTS || !isUniqueViolation(error)) throw error;
      }
    }
  }

  async #takePort(trx: Queryable, wish: PortWish): Promise<PortRow> {
    if (wish.portId !== null) return bindExisting(trx, wish.portId, wish);
    const network = await this.#networkOf(trx, wish.networkId);
    const { instanceUuid, host, fixedIp } = wish;
    try {
      return await allocatePortIn(trx, {
        networkUuid: network.uuid,
        deviceUuid: instanceUuid,
        host,
        fixedIp,
      });
    } catch (error) {
      throw allocationError(error, network, fixedIp);
    }
  }

  /** @throws InterfaceAttachFailedNoNetwork */
  async #assertDefaultNetwork(trx: Queryable, project_id: string): Promise<void> {
    if (await findNetworkByLabel(trx, this.#defaultNetwork)) return;
    throw new InterfaceAttachFailedNoNetwork({ project_id });
  }

  async #networkOf(trx: Queryable, uuid: string | null): Promise<NetworkRow> {
    const network =
      uuid === null ? await findNetworkByLabel(trx, this.#defaultNetwork) : await findNetwork(trx, uuid);
    if (!network) throw new NetworkNotFound({ network_id: uuid ?? this.#defaultNetwork });
    return network;
  }
}

/** Null: explicitly no network. */
function wishOf(request: NetworkRequest, who: { instanceUuid: string; host: string }): PortWish | null {
  const { network_id = null, port_id = null, address = null } = request.values();
  if (network_id === 'none') return null;
  return {
    ...who,
    portId: port_id,
    networkId: network_id === 'auto' ? null : network_id,
    fixedIp: address === null ? null : String(address),
  };
}

function anyNetwork(who: { instanceUuid: string; host: string }): PortWish {
  return { ...who, portId: null, networkId: null, fixedIp: null };
}

async function bindExisting(
  trx: Queryable,
  portId: string,
  { instanceUuid, host }: PortWish,
): Promise<PortRow> {
  const at = databaseTimestamp(trx);
  const bound = await bindPort(trx, portId, { deviceUuid: instanceUuid, host, at });
  if (bound) return bound;
  if (await findPort(trx, portId)) throw new PortInUse({ port_id: portId });
  throw new PortNotFound({ port_id: portId });
}

async function interfacesOf(db: Queryable, instanceUuid: string): Promise<VirtualInterface[]> {
  const interfaces: VirtualInterface[] = [];
  for (const port of await listPortsOfDevice(db, instanceUuid)) interfaces.push(await interfaceOf(db, port));
  return interfaces;
}

async function interfaceOf(db: Queryable, port: PortRow): Promise<VirtualInterface> {
  const network = await findNetwork(db, port.network_uuid);
  if (!network) throw new NetworkNotFound({ network_id: port.network_uuid });
  return virtualInterfaceOf(port, network);
}

/** The port as its instance sees it. */
export function virtualInterfaceOf(port: PortRow, network: NetworkRow): VirtualInterface {
  return {
    id: port.uuid,
    address: port.mac_address,
    network: {
      id: network.uuid,
      bridge: network.bridge,
      label: network.label,
      subnets: [
        {
          cidr: network.cidr,
          dns: [],
          gateway: { address: network.gateway, type: 'gateway', version: 4, meta: {} },
          ips: [{ address: port.ip_address, type: 'fixed', version: 4, meta: {}, floating_ips: [] }],
          routes: [],
          version: 4,
          meta: {},
        },
      ],
      meta: { injected: false, tenant_id: null, mtu: network.mtu },
    },
    type: 'bridge',
    details: {},
    devname: `tap${port.uuid.slice(0, 11)}`,
    ovs_interfaceid: null,
    qbh_params: null,
    qbg_params: null,
    active: port.host !== null,
    vnic_type: 'normal',
    profile: {},
    preserve_on_delete: !port.created_for_instance,
    delegate_create: true,
    meta: {},
  };
}
