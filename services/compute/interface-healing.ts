import { InstanceNotFound } from '@mini-nova/domain/exceptions';
import { infoCacheOf, networkInfoOf, type VirtualInterface } from '@mini-nova/domain/network-model';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { attempt } from './best-effort.ts';
import type { ComputeHost } from './compute-host.ts';
import { currentHere } from './instance-records.ts';
import { isBetweenHosts } from './moves.ts';

/**
 * Compares the ports of all instances of this host with the records and the guests, and heals the differences that remain
 * when a daemon is killed while it attaches or detaches an interface. Instances with an operation under way are left out,
 * as are those between two hosts, whose ports and guests may be on the other host.
 */
export async function healHostInterfaces(host: ComputeHost, ctxt: RpcContext): Promise<void> {
  if (host.ownRecords.suspension) return;
  const instances = await host.conductor.instancesByHost(ctxt, host.name);
  const ports = await host.network.getHostNwInfo(ctxt, { host: host.name });
  for (const instance of instances) {
    const { uuid } = instance;
    if (!isAtRest(instance) || host.locks.isHeld(uuid)) continue;
    if (await isHealthy(host, instance, ports[uuid] ?? [])) continue;
    await attempt(host, instance, 'heal the interfaces of the instance', () =>
      host.locks.run(uuid, () => healInterfaces(host, ctxt, uuid)),
    );
  }
}

/**
 * Makes the ports, the record and the guest of one instance agree, when nobody else works on it. The ports decide:
 *
 * - a port that neither the guest nor the record has was made for an attachment that never finished: it is given back
 * - a port that the record has and the guest lacks is plugged again: its detachment had begun, and can be requested again
 * - an interface of the guest without a port stays: a port that is not found is no evidence that it should go
 *
 * Then the record is set to what the ports say.
 */
export async function healInterfaces(host: ComputeHost, ctxt: RpcContext, uuid: string): Promise<void> {
  const instance = await currentHere(host, ctxt, uuid);
  if (!instance || !isAtRest(instance) || (await isBetweenHosts(host, ctxt, uuid))) return;
  const ports = await host.network.getInstanceNwInfo(ctxt, { instance_uuid: uuid });
  const recorded = idsOf(networkInfoOf(instance));
  const plugged = await pluggedInto(host, uuid);
  const kept: VirtualInterface[] = [];
  for (const port of ports) {
    if (!plugged || plugged.has(port.id)) kept.push(port);
    else if (recorded.has(port.id)) {
      kept.push(port);
      await plug(host, ctxt, instance, port);
    } else await giveBack(host, ctxt, instance, port);
  }
  if (isRecorded(instance, kept)) return;
  host.logger.warn(
    { instance_uuid: uuid, host: host.name, ports: kept.map(({ id }) => id) },
    'The record of the interfaces was not what the ports are',
  );
  await host.conductor.instanceSave(ctxt, instance, { info_cache: infoCacheOf(instance, kept) });
}

async function isHealthy(host: ComputeHost, instance: Instance, ports: VirtualInterface[]): Promise<boolean> {
  if (!isRecorded(instance, ports)) return false;
  const plugged = await pluggedInto(host, instance.uuid);
  return !plugged || ports.every(({ id }) => plugged.has(id));
}

function isAtRest({ vm_state, task_state }: Instance): boolean {
  return vm_state !== VmState.BUILDING && task_state === null;
}

function isRecorded(instance: Instance, ports: VirtualInterface[]): boolean {
  return JSON.stringify(networkInfoOf(instance)) === JSON.stringify(ports);
}

/** Undefined: there is no guest. */
async function pluggedInto(host: ComputeHost, uuid: string): Promise<Set<string> | undefined> {
  try {
    return idsOf((await host.driver.describeGuest(uuid)).interfaces);
  } catch (error) {
    if (error instanceof InstanceNotFound) return undefined;
    throw error;
  }
}

async function plug(
  host: ComputeHost,
  ctxt: RpcContext,
  instance: Instance,
  vif: VirtualInterface,
): Promise<void> {
  host.logger.warn(
    { instance_uuid: instance.uuid, port: vif.id },
    'Plugging an interface again that the guest had lost',
  );
  await host.driver.attachInterface(ctxt, instance, vif);
}

async function giveBack(
  host: ComputeHost,
  ctxt: RpcContext,
  { uuid }: Instance,
  vif: VirtualInterface,
): Promise<void> {
  host.logger.warn({ instance_uuid: uuid, port: vif.id }, 'Giving back the port of an unfinished attachment');
  await host.network.deallocatePortForInstance(ctxt, { instance_uuid: uuid, port_id: vif.id });
}

function idsOf(interfaces: readonly VirtualInterface[]): Set<string> {
  return new Set(interfaces.map(({ id }) => id));
}
