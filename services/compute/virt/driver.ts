import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { Inventories, ResourceAmounts } from '@mini-nova/domain/resources';
import type { JsonObject, RpcContext } from '@mini-nova/messaging';
import type { HVSpec, Instance } from '@mini-nova/objects';

/**
 * The seam between nova-compute and a hypervisor. Calls that change one instance never overlap: the manager runs them one
 * after another. Methods about a guest throw InstanceNotFound when there is no such guest, except `spawn` and `destroy`.
 */
export interface VirtDriver {
  /**
   * Called once at start with the instances that the records place on this host. If the driver's guests do not outlive the
   * process, it recreates those with a `launched_at` here, with the interfaces and the power state of the record.
   */
  initHost(ctxt: RpcContext, instances: Instance[]): Promise<void>;

  /** The nodes this host manages, by hypervisor host name; their number does not change while it runs. */
  getAvailableNodes(): Promise<string[]>;

  getAvailableResource(nodename: string): Promise<HostResources>;

  /**
   * Creates the guest and starts it. If that fails, the manager calls `destroy`.
   *
   * @throws BuildAbortException when no other host would do better; after any other error another host is tried
   */
  spawn(ctxt: RpcContext, instance: Instance, request: SpawnRequest): Promise<void>;

  /** Removes the guest, running or not, with its disks. If it does not exist, nothing is left to do. */
  destroy(ctxt: RpcContext, instance: Instance): Promise<void>;

  powerOn(ctxt: RpcContext, instance: Instance): Promise<void>;

  /** With `cleanShutdown` the guest is asked to shut down first; otherwise its power is cut. */
  powerOff(ctxt: RpcContext, instance: Instance, cleanShutdown: boolean): Promise<void>;

  /** Restarts the guest; a HARD reboot also starts one that is off. */
  reboot(ctxt: RpcContext, instance: Instance, rebootType: 'SOFT' | 'HARD'): Promise<void>;

  /** Freezes the guest in memory: it keeps its resources, but gets no processor time. */
  pause(ctxt: RpcContext, instance: Instance): Promise<void>;

  /** Lets a paused guest run again. */
  unpause(ctxt: RpcContext, instance: Instance): Promise<void>;

  getInfo(instance: Instance): Promise<GuestInfo>;

  /** The instances that have a guest here, by uuid. */
  listInstanceUuids(): Promise<string[]>;

  /** What the hypervisor knows of a guest, recorded or not. */
  describeGuest(uuid: string): Promise<GuestDescription>;

  attachInterface(ctxt: RpcContext, instance: Instance, vif: VirtualInterface): Promise<void>;

  /** If the interface is not attached, nothing is left to do. */
  detachInterface(ctxt: RpcContext, instance: Instance, vif: VirtualInterface): Promise<void>;

  /** All console output of the guest that the host has kept. */
  getConsoleOutput(ctxt: RpcContext, instance: Instance): Promise<string>;
}

export interface SpawnRequest {
  /** The image's REST document. */
  image: JsonObject;
  injectedFiles: [path: string, contents: string][];
  adminPassword: string | null;
  /** The instance's allocations on this host. */
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
  /** The name of the flavor with which it was made. */
  flavorName: string;
  vcpus: number;
  /** MiB. */
  memoryMb: number;
  /** GiB, all its disks together. */
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
  /** The kinds of guests that can run here. */
  supportedHvSpecs: HVSpec[];
  /** The inventories of any other resource classes. */
  otherInventories?: Inventories;
}
