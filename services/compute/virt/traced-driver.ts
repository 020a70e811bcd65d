import type { VirtualInterface } from '@mini-nova/domain/network-model';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { withSpan } from '@mini-nova/service';
import type { GuestDescription, GuestInfo, HostResources, SpawnRequest, VirtDriver } from './driver.ts';

/** Makes a span of each call of a driver, under Nova's name of the method: `driver.spawn`, `driver.power_on`. */
export class TracedDriver implements VirtDriver {
  readonly #driver: VirtDriver;
  readonly #host: string;

  constructor(driver: VirtDriver, host: string) {
    this.#driver = driver;
    this.#host = host;
  }

  initHost(ctxt: RpcContext, instances: Instance[]): Promise<void> {
    return this.#call('init_host', () => this.#driver.initHost(ctxt, instances));
  }

  getAvailableNodes(): Promise<string[]> {
    return this.#call('get_available_nodes', () => this.#driver.getAvailableNodes());
  }

  getAvailableResource(nodename: string): Promise<HostResources> {
    return this.#call('get_available_resource', () => this.#driver.getAvailableResource(nodename));
  }

  spawn(ctxt: RpcContext, instance: Instance, request: SpawnRequest): Promise<void> {
    return this.#callFor('spawn', instance, () => this.#driver.spawn(ctxt, instance, request));
  }

  destroy(ctxt: RpcContext, instance: Instance): Promise<void> {
    return this.#callFor('destroy', instance, () => this.#driver.destroy(ctxt, instance));
  }

  powerOn(ctxt: RpcContext, instance: Instance): Promise<void> {
    return this.#callFor('power_on', instance, () => this.#driver.powerOn(ctxt, instance));
  }

  powerOff(ctxt: RpcContext, instance: Instance, cleanShutdown: boolean): Promise<void> {
    return this.#callFor('power_off', instance, () => this.#driver.powerOff(ctxt, instance, cleanShutdown));
  }

  reboot(ctxt: RpcContext, instance: Instance, rebootType: 'SOFT' | 'HARD'): Promise<void> {
    return this.#callFor('reboot', instance, () => this.#driver.reboot(ctxt, instance, rebootType));
  }

  getInfo(instance: Instance): Promise<GuestInfo> {
    return this.#callFor('get_info', instance, () => this.#driver.getInfo(instance));
  }

  listInstanceUuids(): Promise<string[]> {
    return this.#call('list_instance_uuids', () => this.#driver.listInstanceUuids());
  }

  describeGuest(uuid: string): Promise<GuestDescription> {
    return this.#call('describe_guest', () => this.#driver.describeGuest(uuid));
  }

  attachInterface(ctxt: RpcContext, instance: Instance, vif: VirtualInterface): Promise<void> {
    return this.#callFor('attach_interface', instance, () =>
      this.#driver.attachInterface(ctxt, instance, vif),
    );
  }

  detachInterface(ctxt: RpcContext, instance: Instance, vif: VirtualInterface): Promise<void> {
    return this.#callFor('detach_interface', instance, () =>
      this.#driver.detachInterface(ctxt, instance, vif),
    );
  }

  getConsoleOutput(ctxt: RpcContext, instance: Instance): Promise<string> {
    return this.#callFor('get_console_output', instance, () => this.#driver.getConsoleOutput(ctxt, instance));
  }

  #callFor<T>(method: string, { uuid }: Instance, run: () => Promise<T>): Promise<T> {
    return this.#call(method, run, { 'nova.instance.uuid': uuid });
  }

  #call<T>(method: string, run: () => Promise<T>, attributes: Record<string, string> = {}): Promise<T> {
    return withSpan(`driver.${method}`, { attributes: { 'nova.host': this.#host, ...attributes } }, run);
  }
}
