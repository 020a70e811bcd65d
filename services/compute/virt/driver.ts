import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { Inventories, ResourceAmounts } from '@mini-nova/domain/resources';
import type { JsonObject, RpcContext } from '@mini-nova/messaging';
import type { HVSpec, Instance } from '@mini-nova/objects';

/**
 * The seam between nova-compute and a hypervisor. Calls that change one instance never overlap: the manager
 * runs them one after another. What concerns a guest throws InstanceNotFound when there is none, except `spawn` and
 * `destroy`.
 */
export interface VirtDriver {
  /**
   * Called once at start with the instances that the records place on this host. A driver whose guests do not
   * outlive the process brings back here those that have a `launched_at`, with the interfaces and in the power state
   * of the record.
   */
  initHost(ctxt: RpcContext, instances: Instance[]): Promise<void>;

  /** The nodes this host manages, by hypervisor host name; their number does not change while it runs. */
  getAvailableNodes(): Promise<string[]>;

  getAvailableResource(nodename: string): Promise<HostResources>;

  /**
   * Creates the guest and starts it. If that fails, the manager destroys what there is of it.
   *
   * @throws BuildAbortException when no other host would do better; anything else may work elsewhere
   */
  spawn(ctxt: RpcContext, instance: Instance, request: SpawnRequest): Promise<void>;

  /** Removes the guest, running or not, with its disks. A guest that does not exist is removed already. */
  destroy(ctxt: RpcContext, instance: Instance): Promise<void>;

  powerOn(ctxt: RpcContext, instance: Instance): Promise<void>;

  /** With `cleanShutdown` the guest is asked first; otherwise its power is cut. */
  powerOff(ctxt: RpcContext, instance: Instance, cleanShutdown: boolean): Promise<void>;

  /** Restarts the guest; a HARD reboot also starts one that is off. */
  reboot(ctxt: RpcContext, instance: Instance, rebootType: 'SOFT' | 'HARD'): Promise<void>;

  /** Freezes the guest in memory: it keeps all it has, and gets no processor time. */
  pause(ctxt: RpcContext, instance: Instance): Promise<void>;

  /** Lets a paused guest go on. */
  unpause(ctxt: RpcContext, instance: Instance): Promise<void>;

  getInfo(instance: Instance): Promise<GuestInfo>;

  /** The instances that have a guest here, by uuid. */
  listInstanceUuids(): Promise<string[]>;

  /** What the guest says of itself, also one of which there is no record. */
  describeGuest(uuid: string): Promise<GuestDescription>;

  attachInterface(ctxt: RpcContext, instance: Instance, vif: VirtualInterface): Promise<void>;

  /** An interface that is not attached is detached already. */
  detachInterface(ctxt: RpcContext, instance: Instance, vif: VirtualInterface): Promise<void>;

  /** All of the guest's console that the host has kept. */
  getConsoleOutput(ctxt: RpcContext, instance: Instance): Promise<string>;
}

export interface SpawnRequest {
  /** The image's REST document. */
  image: JsonObject;
  injectedFiles: [path: string, contents: string][];
  adminPassword: string | null;
  /** What the instance was given on this host. */
  allocations: ResourceAmounts;
  networkInfo: VirtualInterface[];
}

export interface GuestInfo {
  /** One of PowerState. */
  powerState: number;
}

/** What a hypervisor keeps with a guest. */
export interface GuestDescription extends GuestInfo {
  /** The instance's display name. */
  name: string;
  projectId: string | null;
  userId: string | null;
  /** Of the flavor it was made with. */
  flavorName: string;
  vcpus: number;
  /** MiB. */
  memoryMb: number;
  /** GiB, of all its disks. */
  diskGb: number;
  interfaces: VirtualInterface[];
}

/** What a node has in total, whether used or not. */
export interface HostResources {
  vcpus: number;
  /** MiB. */
  memoryMb: number;
  /** GiB. */
  diskGb: number;
  hypervisorType: string;
  hypervisorVersion: number;
  cpuInfo: JsonObject;
  /** What can run here. */
  supportedHvSpecs: HVSpec[];
  /** Of whatever other resource classes it has. */
  otherInventories?: Inventories;
}
