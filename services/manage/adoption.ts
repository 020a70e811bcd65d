import type { GuestRecord } from '@mini-nova/compute/rpcapi';
import { deleteAllocations, insertAllocations } from '@mini-nova/data/allocations/queries';
import { ComputeNodeStore } from '@mini-nova/data/compute-nodes/store';
import type { Database, Queryable } from '@mini-nova/data/database';
import { FlavorStore } from '@mini-nova/data/flavors/store';
import { findInstance } from '@mini-nova/data/instances/queries';
import { InstanceStore } from '@mini-nova/data/instances/store';
import { findNetwork, parseIpv4 } from '@mini-nova/data/networks/queries';
import { bindPort, findPort, restorePort } from '@mini-nova/data/ports/queries';
import { databaseNow } from '@mini-nova/database';
import { FlavorNotFound, InstanceExists } from '@mini-nova/domain/exceptions';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { resourcesOf } from '@mini-nova/domain/resources';
import { PowerState } from '@mini-nova/domain/states/power-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import { Flavor, Instance, InstanceInfoCache } from '@mini-nova/objects';

/** A guest cannot be given a record. */
export class AdoptionRefused extends Error {
  override readonly name = 'AdoptionRefused';
}

export interface Owner {
  projectId: string | null;
  userId: string | null;
}

/** The record that was made, and what it could not take over. */
export interface Adoption {
  instance: Instance;
  /** Addresses of interfaces whose port is another's. */
  refused: string[];
}

/**
 * Makes a record of a guest from what the guest has: the instance, its allocation and its ports, in one transaction. It
 * does not check whether there is room: the guest uses its resources already, and its compute reserves them until it
 * has seen the record.
 *
 * @throws AdoptionRefused
 */
export async function adoptGuest(
  db: Database,
  host: string,
  guest: GuestRecord,
  owner: Owner,
): Promise<Adoption> {
  const work = async (trx: Queryable) => {
    const nodes = [...(await new ComputeNodeStore(trx).list({ host }))];
    const node = nodes.find(({ hypervisor_hostname }) => hypervisor_hostname === guest.node);
    if (!node) throw new AdoptionRefused(`There is no record of the node ${guest.node} on ${host}.`);
    const at = databaseNow(db).toISOString();
    const { interfaces, refused } = await takePorts(trx, host, guest, at);
    const instance = instanceOf(host, guest, owner, await flavorOf(trx, guest), interfaces);
    try {
      await new InstanceStore(trx).create(instance);
    } catch (error) {
      if (!(error instanceof InstanceExists)) throw error;
      throw new AdoptionRefused(`There is a record of ${guest.uuid} already.`, { cause: error });
    }
    // What its lost record had claimed may still be there.
    await deleteAllocations(trx, guest.uuid);
    await insertAllocations(
      trx,
      Object.entries(resourcesOf(instance.flavor)).map(([resource_class, used]) => ({
        consumer_uuid: guest.uuid,
        provider_uuid: node.uuid,
        resource_class,
        used,
        created_at: at,
      })),
    );
    return { instance, refused };
  };
  return db.transaction(work, {
    lostCommit: async (connection) => (await findInstance(connection, guest.uuid)) !== undefined,
  });
}

/** The instance's vm_state by the guest's power state; in any other it is STOPPED, as if it were off. */
const adoptedAs: Readonly<Record<number, VmState>> = {
  [PowerState.RUNNING]: VmState.ACTIVE,
  [PowerState.PAUSED]: VmState.PAUSED,
  [PowerState.SUSPENDED]: VmState.SUSPENDED,
};

function instanceOf(
  host: string,
  guest: GuestRecord,
  { projectId, userId }: Owner,
  flavor: Flavor,
  interfaces: VirtualInterface[],
): Instance {
  const { uuid, name, node, power_state } = guest;
  return new Instance({
    uuid,
    project_id: projectId,
    user_id: userId,
    display_name: name,
    display_description: name,
    hostname: `server-${uuid}`,
    // Its image is not known.
    image_ref: '',
    host,
    node,
    launched_on: host,
    launched_at: new Date(),
    vm_state: adoptedAs[power_state] ?? VmState.STOPPED,
    task_state: null,
    power_state,
    flavor,
    instance_type_id: flavor.id,
    memory_mb: flavor.memory_mb,
    vcpus: flavor.vcpus,
    root_gb: flavor.root_gb,
    ephemeral_gb: flavor.ephemeral_gb,
    metadata: {},
    system_metadata: {},
    info_cache: new InstanceInfoCache({ instance_uuid: uuid, network_info: JSON.stringify(interfaces) }),
  });
}

/** The flavor of that name, if it has the guest's size; else one that is only in the record. */
async function flavorOf(trx: Queryable, guest: GuestRecord): Promise<Flavor> {
  const { flavor_name: name, vcpus, memory_mb, disk_gb } = guest;
  const own = Flavor.hydrate({
    id: 0,
    name,
    flavorid: name,
    memory_mb,
    vcpus,
    root_gb: disk_gb,
    ephemeral_gb: 0,
    swap: 0,
    extra_specs: {},
  });
  try {
    const known = await new FlavorStore(trx).getByName(name);
    const isSame = JSON.stringify(resourcesOf(known)) === JSON.stringify(resourcesOf(own));
    return isSame ? known : own;
  } catch (error) {
    if (error instanceof FlavorNotFound) return own;
    throw error;
  }
}

async function takePorts(
  trx: Queryable,
  host: string,
  { uuid, interfaces }: GuestRecord,
  at: string,
): Promise<{ interfaces: VirtualInterface[]; refused: string[] }> {
  const taken: VirtualInterface[] = [];
  const refused: string[] = [];
  for (const vif of interfaces) {
    if (await takePort(trx, { deviceUuid: uuid, host, at }, vif)) taken.push(vif);
    else refused.push(addressOf(vif));
  }
  return { interfaces: taken, refused };
}

/** Binds the interface's port, or makes it again with its address. False: another has it. */
async function takePort(
  trx: Queryable,
  binding: { deviceUuid: string; host: string; at: string },
  vif: VirtualInterface,
): Promise<boolean> {
  if (await findPort(trx, vif.id)) return (await bindPort(trx, vif.id, binding)) !== undefined;
  const network = await findNetwork(trx, vif.network.id);
  const ipNumber = parseIpv4(addressOf(vif));
  if (!network || ipNumber === null) return false;
  return restorePort(trx, {
    uuid: vif.id,
    networkUuid: network.uuid,
    macAddress: vif.address,
    ipAddress: addressOf(vif),
    ipNumber,
    ...binding,
    createdForInstance: !vif.preserve_on_delete,
  });
}

function addressOf(vif: VirtualInterface): string {
  return vif.network.subnets[0]?.ips[0]?.address ?? vif.address;
}
