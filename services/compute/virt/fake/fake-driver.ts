import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConfigValues, defaultValues } from '@mini-nova/config';
import { InstanceInvalidState, InstanceNotFound } from '@mini-nova/domain/exceptions';
import { networkInfoOf, type VirtualInterface } from '@mini-nova/domain/network-model';
import { resourcesOf } from '@mini-nova/domain/resources';
import { PowerState } from '@mini-nova/domain/states/power-state';
import type { RpcContext } from '@mini-nova/messaging';
import { HVSpec, type Instance } from '@mini-nova/objects';
import { computeDriver } from '../compute-driver.ts';
import type { GuestDescription, GuestInfo, HostResources, SpawnRequest, VirtDriver } from '../driver.ts';
import { fakeOptions } from './options.ts';

/** Config group `fake`: how large the host is, how slow, and what fails. */
export type FakeDriverOptions = ConfigValues<typeof fakeOptions>['fake'];

const defaults: FakeDriverOptions = defaultValues(fakeOptions).fake;

/** A failure that was asked for by configuration. Another host may do better. */
export class FakeDriverFailure extends Error {
  readonly code = 'FAKE_DRIVER_FAILURE';

  constructor(action: string) {
    super(`The fake driver was told to fail this ${action}`);
    this.name = 'FakeDriverFailure';
  }
}

/** A hypervisor without a machine: its guests are entries in memory, or in a file if they are to outlive the process. */
export class FakeDriver implements VirtDriver {
  readonly #host: string;
  readonly #configured: Partial<FakeDriverOptions>;
  readonly #store: FakeGuests;
  #spawnsStarted = 0;

  /** `options` are read when they are used, since they may change. */
  constructor(host: string, options: Partial<FakeDriverOptions> = {}) {
    this.#host = host;
    this.#configured = options;
    this.#store = new FakeGuests(host, this.#options.guests_path);
  }

  /** Recreates the launched guests, in their recorded power state, if they were lost with the last process. */
  async initHost(_ctxt: RpcContext, instances: Instance[]): Promise<void> {
    if (this.#store.outliveTheProcess) return;
    for (const instance of instances) {
      if (!instance.has('launched_at') || instance.launched_at === null) continue;
      const guest = this.#create(instance, networkInfoOf(instance));
      guest.powerState = instance.power_state ?? PowerState.RUNNING;
      this.#log(guest, 'resumed at host boot');
    }
  }

  async getAvailableNodes(): Promise<string[]> {
    return [this.#host];
  }

  async getAvailableResource(_nodename: string): Promise<HostResources> {
    const { vcpus, memory_mb, disk_gb } = this.#options;
    return {
      vcpus,
      memoryMb: memory_mb,
      diskGb: disk_gb,
      hypervisorType: 'fake',
      hypervisorVersion: 1,
      cpuInfo: {
        arch: 'x86_64',
        model: 'fake',
        vendor: 'fake',
        topology: { cores: vcpus, threads: 1, sockets: 1 },
      },
      supportedHvSpecs: [new HVSpec({ arch: 'x86_64', hv_type: 'fake', vm_mode: 'hvm' })],
    };
  }

  async spawn(_ctxt: RpcContext, instance: Instance, request: SpawnRequest): Promise<void> {
    const { spawn_delay, fail_spawn, fail_first_spawns } = this.#options;
    this.#spawnsStarted += 1;
    const fails = fail_spawn || this.#spawnsStarted <= fail_first_spawns;
    if (spawn_delay > 0) await delay(spawn_delay * 1000);
    if (fails) throw new FakeDriverFailure('spawn');
    const guest = this.#create(instance, request.networkInfo);
    this.#log(guest, `booted from image ${String(request.image.name ?? request.image.id ?? 'unknown')}`);
  }

  async destroy(_ctxt: RpcContext, instance: Instance): Promise<void> {
    if (this.#store.guests.delete(instance.uuid)) this.#store.keep();
  }

  async powerOn(_ctxt: RpcContext, instance: Instance): Promise<void> {
    this.#setPower(instance, 'start', PowerState.RUNNING);
  }

  async powerOff(_ctxt: RpcContext, instance: Instance, cleanShutdown: boolean): Promise<void> {
    this.#setPower(instance, cleanShutdown ? 'clean shutdown' : 'power off', PowerState.SHUTDOWN);
  }

  async reboot(_ctxt: RpcContext, instance: Instance, rebootType: 'SOFT' | 'HARD'): Promise<void> {
    if (rebootType === 'SOFT') this.#assertPower(instance, 'reboot', [PowerState.RUNNING]);
    this.#setPower(instance, `${rebootType.toLowerCase()} reboot`, PowerState.RUNNING);
  }

  async pause(_ctxt: RpcContext, instance: Instance): Promise<void> {
    this.#assertPower(instance, 'pause', [PowerState.RUNNING, PowerState.PAUSED]);
    this.#setPower(instance, 'pause', PowerState.PAUSED);
  }

  async unpause(_ctxt: RpcContext, instance: Instance): Promise<void> {
    this.#assertPower(instance, 'unpause', [PowerState.RUNNING, PowerState.PAUSED]);
    this.#setPower(instance, 'unpause', PowerState.RUNNING);
  }

  async getInfo(instance: Instance): Promise<GuestInfo> {
    return { powerState: this.#guest(instance).powerState };
  }

  async listInstanceUuids(): Promise<string[]> {
    return [...this.#store.guests.keys()];
  }

  async describeGuest(uuid: string): Promise<GuestDescription> {
    const { console: _lines, ...description } = this.#guest({ uuid });
    return { ...description, interfaces: [...description.interfaces] };
  }

  async attachInterface(_ctxt: RpcContext, instance: Instance, vif: VirtualInterface): Promise<void> {
    const guest = this.#guest(instance);
    if (this.#options.fail_attach) throw new FakeDriverFailure('attachment');
    guest.interfaces = [...guest.interfaces.filter(({ id }) => id !== vif.id), vif];
    this.#log(guest, `interface ${vif.address} attached`);
  }

  async detachInterface(_ctxt: RpcContext, instance: Instance, vif: VirtualInterface): Promise<void> {
    const guest = this.#guest(instance);
    const left = guest.interfaces.filter(({ id }) => id !== vif.id);
    if (left.length === guest.interfaces.length) return;
    guest.interfaces = left;
    this.#log(guest, `interface ${vif.address} detached`);
  }

  async getConsoleOutput(_ctxt: RpcContext, instance: Instance): Promise<string> {
    return this.#guest(instance).console.join('\n');
  }

  get #options(): FakeDriverOptions {
    return { ...defaults, ...this.#configured };
  }

  #create(instance: Instance, networkInfo: VirtualInterface[]): FakeGuest {
    const { display_name = null, project_id = null, user_id = null, flavor } = instance.values();
    const amounts = flavor ? resourcesOf(flavor) : {};
    const guest: FakeGuest = {
      name: display_name ?? instance.uuid,
      projectId: project_id,
      userId: user_id,
      flavorName: flavor?.name ?? 'unknown',
      vcpus: amounts.VCPU ?? 0,
      memoryMb: amounts.MEMORY_MB ?? 0,
      diskGb: amounts.DISK_GB ?? 0,
      powerState: PowerState.RUNNING,
      interfaces: [...networkInfo],
      console: [],
    };
    this.#store.guests.set(instance.uuid, guest);
    return guest;
  }

  #guest(instance: { uuid: string }): FakeGuest {
    const guest = this.#store.guests.get(instance.uuid);
    if (!guest) throw new InstanceNotFound({ instance_id: instance.uuid });
    return guest;
  }

  #assertPower(instance: Instance, method: string, allowed: readonly number[]): void {
    const { powerState } = this.#guest(instance);
    if (allowed.includes(powerState)) return;
    const state = String(powerState);
    throw new InstanceInvalidState({ instance_uuid: instance.uuid, attr: 'power_state', state, method });
  }

  #setPower(instance: Instance, action: string, powerState: number): void {
    const guest = this.#guest(instance);
    if (this.#options.fail_power) throw new FakeDriverFailure(action);
    guest.powerState = powerState;
    this.#log(guest, action);
  }

  /** Every change of a guest ends here: with a line on its console, and the guests kept. */
  #log(guest: FakeGuest, event: string): void {
    guest.console.push(`${new Date().toISOString()} fake guest: ${event}`);
    this.#store.keep();
  }
}

/** A guest of the fake driver. */
export interface FakeGuest extends GuestDescription {
  console: string[];
}

/**
 * The guests of one host, by instance uuid. With a folder they are kept in a file there, and outlive the process as those
 * of a hypervisor do: once `keep` has returned, a kill loses nothing. Without a folder they are gone with the process.
 */
export class FakeGuests {
  readonly guests: Map<string, FakeGuest>;
  readonly #file: string | undefined;

  /** @throws Error of the file system, SyntaxError when the file is not ours */
  constructor(host: string, folder: string) {
    this.#file = folder === '' ? undefined : join(folder, `${host}.json`);
    if (this.#file !== undefined) mkdirSync(folder, { recursive: true });
    this.guests = new Map(this.#file === undefined ? [] : Object.entries(readGuests(this.#file)));
  }

  get outliveTheProcess(): boolean {
    return this.#file !== undefined;
  }

  /** To be called after each change. */
  keep(): void {
    if (this.#file === undefined) return;
    // A reader, or a start after a kill, sees the guests either before the change or after it.
    const next = `${this.#file}.next`;
    writeFileSync(next, JSON.stringify(Object.fromEntries(this.guests)));
    renameSync(next, this.#file);
  }
}

/** The guests that a file holds, by instance uuid; none when it is not there. */
export function readGuests(file: string): Record<string, FakeGuest> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
}

export const fakeComputeDriver = computeDriver({
  name: 'fake.FakeDriver',
  help: 'fake.FakeDriver keeps guests in memory; see group fake.',
  options: fakeOptions,
  create: (host, { fake }) => new FakeDriver(host, fake),
});
