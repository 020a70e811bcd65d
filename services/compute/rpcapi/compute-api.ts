import { blockDevicesOf } from '@mini-nova/domain/block-devices';
import type { CastOptions } from '@mini-nova/domain/cast-options';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import { type VersionCapOption, versionCapOf } from '@mini-nova/domain/release-versions';
import { type ClientFactory, type RPCClient, type RpcContext, Target } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import type { ComputeContract } from './contract.ts';

type Args<M extends keyof ComputeContract> = ComputeContract[M]['args'];

/** Nobody can be asked: the instance is on no host. */
export class InstanceHasNoHost extends Error {
  readonly code = 'INSTANCE_HAS_NO_HOST';

  constructor(instanceUuid: string) {
    super(`Unable to find host for Instance ${instanceUuid}`);
    this.name = 'InstanceHasNoHost';
  }
}

/**
 * The client side of the compute RPC API. What concerns an instance goes to the instance's host.
 *
 * - 6.0: all methods here
 * - 6.1: `rebuild_instance` with `reimage_boot_volume` (not served)
 */
export class ComputeAPI {
  readonly #client: RPCClient<ComputeContract>;

  /** `versionCap`: of the oldest compute that must understand the messages. */
  constructor(rpc: ClientFactory, options: VersionCapOption = {}) {
    const target = new Target({ topic: 'compute', version: '6.0' });
    this.#client = rpc.getClient<ComputeContract>(target, versionCapOf('compute', options));
  }

  async buildAndRunInstance(
    ctxt: RpcContext,
    host: string,
    args: Args<'build_and_run_instance'>,
  ): Promise<void> {
    await this.#on(host).cast(ctxt, 'build_and_run_instance', args);
  }

  async terminateInstance(
    ctxt: RpcContext,
    { instance, bdms = blockDevicesOf(instance) }: Optional<'terminate_instance', 'bdms'>,
  ) {
    await this.#onHostOf(instance).cast(ctxt, 'terminate_instance', { instance, bdms });
  }

  async startInstance(
    ctxt: RpcContext,
    { instance }: Args<'start_instance'>,
    options?: CastOptions,
  ): Promise<void> {
    await this.#onHostOf(instance, options).cast(ctxt, 'start_instance', { instance });
  }

  async stopInstance(
    ctxt: RpcContext,
    { instance, clean_shutdown = true }: Optional<'stop_instance', 'clean_shutdown'>,
    options?: CastOptions,
  ): Promise<void> {
    await this.#onHostOf(instance, options).cast(ctxt, 'stop_instance', { instance, clean_shutdown });
  }

  async rebootInstance(
    ctxt: RpcContext,
    { instance, block_device_info = null, reboot_type }: Optional<'reboot_instance', 'block_device_info'>,
    options?: CastOptions,
  ): Promise<void> {
    const args = { instance, block_device_info, reboot_type };
    await this.#onHostOf(instance, options).cast(ctxt, 'reboot_instance', args);
  }

  async attachInterface(
    ctxt: RpcContext,
    { instance, network_id, port_id, requested_ip, tag = null }: Optional<'attach_interface', 'tag'>,
  ): Promise<VirtualInterface> {
    const args = { instance, network_id, port_id, requested_ip, tag };
    return this.#onHostOf(instance).call(ctxt, 'attach_interface', args);
  }

  async detachInterface(
    ctxt: RpcContext,
    { instance, port_id }: Args<'detach_interface'>,
    options?: CastOptions,
  ): Promise<void> {
    await this.#onHostOf(instance, options).cast(ctxt, 'detach_interface', { instance, port_id });
  }

  async getConsoleOutput(
    ctxt: RpcContext,
    { instance, tail_length }: Args<'get_console_output'>,
  ): Promise<string> {
    return this.#onHostOf(instance).call(ctxt, 'get_console_output', { instance, tail_length });
  }

  #on(host: string, options: CastOptions = {}) {
    return this.#client.prepare({ server: host, version: '6.0', ...options });
  }

  #onHostOf(instance: Instance, options?: CastOptions) {
    if (!instance.host) throw new InstanceHasNoHost(instance.uuid);
    return this.#on(instance.host, options);
  }
}

/** The arguments of a method, of which those named may be left to their default. */
type Optional<M extends keyof ComputeContract, K extends keyof Args<M>> = Omit<Args<M>, K> &
  Partial<Pick<Args<M>, K>>;
