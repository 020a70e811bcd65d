import { BuildAbortException, isEnded } from '@mini-nova/domain/exceptions';
import { infoCacheOf, networkInfoOf, type VirtualInterface } from '@mini-nova/domain/network-model';
import { type OutageRetryOptions, retryOnOutage } from '@mini-nova/domain/outage-retry';
import type { ResourceAmounts } from '@mini-nova/domain/resources';
import { TaskState } from '@mini-nova/domain/states/task-state';
import { VmState } from '@mini-nova/domain/states/vm-state';
import type { JsonObject, RpcContext } from '@mini-nova/messaging';
import type { ChangesOf, Instance } from '@mini-nova/objects';
import type { ComputeHost } from '../compute-host.ts';
import { currentInstance, recordOf } from '../instance-records.ts';
import type { Claim } from '../resources/resource-tracker.ts';
import { allocationsOf } from '../resources/resource-tracker.ts';
import { leaveEndedBuild, refuseBuild } from './build-end.ts';
import { type BuildArgs, GuestFailure, handleBuildFailure } from './build-failure.ts';
import type { ComputeOperation } from './operation.ts';

/** The guest runs already. Only an answer says whether that was recorded, so it is awaited for as long as it takes. */
const untilAnswered = { patience: Number.POSITIVE_INFINITY };

/** While a build waits for its turn, its record is touched, so that it does not count as lost. */
export const build: ComputeOperation<'buildAndRunInstance'> = async (host, ctxt, args) => {
  const attempt = new InstanceBuild(host, ctxt, args);
  const whileWaiting = { every: host.buildTimeout() / 3, say: () => attempt.wait() };
  const step = () => host.locks.run(args.instance.uuid, () => attempt.run());
  await host.builds.run(step, undefined, whileWaiting);
};

/**
 * One attempt to build an instance on this host. Each step is a guarded save. When the user deletes the instance or the
 * conductor's deadline ends the build, the next step notices it and the build is undone.
 */
class InstanceBuild {
  readonly #host: ComputeHost;
  readonly #ctxt: RpcContext;
  readonly #args: BuildArgs;
  readonly #instance: Instance;
  readonly #nodename: string;

  constructor(host: ComputeHost, ctxt: RpcContext, args: BuildArgs) {
    this.#host = host;
    this.#ctxt = ctxt;
    this.#args = args;
    this.#instance = args.instance;
    this.#nodename = args.node ?? host.name;
  }

  /** Afterwards the instance is ACTIVE, on its way to another host, or in ERROR with a fault. */
  async run(): Promise<void> {
    const held = await allocationsOf(this.#host, this.#ctxt, this.#instance.uuid);
    const allocations = held[this.#host.tracker.providerUuid(this.#nodename)];
    if (!allocations) return this.#refuse(Object.keys(held).length > 0);
    if (!(await this.#begin())) return;
    const image_name = String(this.#args.image.name ?? '');
    this.#host.notifications.tell(this.#ctxt, this.#instance, 'create.start', { extra: { image_name } });
    let claim: Claim | undefined;
    try {
      claim = this.#host.tracker.claim(this.#instance, this.#nodename);
      await this.#buildAndRun(allocations);
      claim.keep();
      this.#host.unfinishedGuests.delete(this.#instance.uuid);
      this.#log('Instance is active');
      const networkInfo = networkInfoOf(this.#instance);
      const extra = { message: 'Success' };
      this.#host.notifications.tell(this.#ctxt, this.#instance, 'create.end', { networkInfo, extra });
    } catch (error) {
      await handleBuildFailure(this.#host, this.#ctxt, this.#args, { error, claim });
    }
  }

  /** Touches the record: the build waits for its turn, and is not lost. */
  async wait(): Promise<void> {
    const unclaimed = { vmState: [VmState.BUILDING], taskState: [TaskState.SCHEDULING] };
    // Saves a copy, since the build may begin meanwhile.
    await this.#host.conductor.instanceSave(this.#ctxt, this.#instance.clone(), {}, unclaimed);
  }

  /** If the instance holds resources elsewhere, it is built there and this message is late. */
  async #refuse(isElsewhere: boolean): Promise<void> {
    if (isElsewhere) return this.#log('Ignored a build that holds its allocation on another host');
    const reason = `placement holds nothing for it on host ${this.#host.name}`;
    const error = new BuildAbortException({ instance_uuid: this.#instance.uuid, reason });
    await refuseBuild(this.#host, this.#ctxt, this.#instance, error);
  }

  /** Takes the instance over. False: it is no longer to be built, or not here. */
  async #begin(): Promise<boolean> {
    const { name } = this.#host;
    const here = { host: name, node: this.#nodename, launched_on: name };
    try {
      await this.#save({ ...here, vm_state: VmState.BUILDING, task_state: null }, TaskState.SCHEDULING);
      return true;
    } catch (error) {
      if (!isEnded(error)) throw error;
      this.#log('Ignored a build that was ended or is done already');
      await this.#releaseUnlessMine();
      return false;
    }
  }

  /**
   * A repeated message must not take the allocation from the instance that the first one built. Nor does a missing record
   * prove that nobody uses the allocation.
   */
  async #releaseUnlessMine(): Promise<void> {
    const record = await recordOf(this.#host, this.#instance.uuid);
    if (record === undefined) return;
    const { deleted, host, vm_state } = record;
    const isMine = !deleted && host === this.#host.name && vm_state !== VmState.ERROR;
    if (!isMine) await leaveEndedBuild(this.#host, this.#ctxt, this.#instance.uuid);
  }

  async #buildAndRun(allocations: ResourceAmounts): Promise<void> {
    const networkInfo = await this.#allocateNetworks();
    const info_cache = infoCacheOf(this.#instance, networkInfo);
    await this.#save({ info_cache, task_state: TaskState.SPAWNING }, TaskState.NETWORKING);
    await this.#saveActive(await this.#spawn(allocations, networkInfo));
  }

  /**
   * A save that failed may still have been made, if only its answer was lost. So the record is asked: the user may even
   * have begun another operation before the save was repeated.
   */
  async #saveActive(powerState: number): Promise<void> {
    const active = { power_state: powerState, vm_state: VmState.ACTIVE, task_state: null };
    try {
      // By this host's clock, as in Nova: it is only shown, never compared.
      await this.#save({ ...active, launched_at: new Date() }, TaskState.SPAWNING, untilAnswered);
    } catch (error) {
      const ask = () => currentInstance(this.#host, this.#ctxt, this.#instance.uuid);
      const current = await retryOnOutage(ask, untilAnswered);
      const isActiveHere = current?.host === this.#host.name && current.launched_at !== null;
      if (!isActiveHere) throw error;
    }
  }

  async #allocateNetworks(): Promise<VirtualInterface[]> {
    await this.#save({ task_state: TaskState.NETWORKING }, null);
    return this.#host.network.allocateForInstance(this.#ctxt, {
      instance_uuid: this.#instance.uuid,
      project_id: this.#instance.project_id ?? '',
      host: this.#host.name,
      requested_networks: this.#args.requested_networks,
    });
  }

  /** The guest's power state. @throws GuestFailure, BuildAbortException */
  async #spawn(allocations: ResourceAmounts, networkInfo: VirtualInterface[]): Promise<number> {
    const { driver } = this.#host;
    const image: JsonObject = this.#args.image;
    const { admin_password: adminPassword, injected_files } = this.#args;
    try {
      this.#host.unfinishedGuests.add(this.#instance.uuid);
      await driver.spawn(this.#ctxt, this.#instance, {
        image,
        injectedFiles: injected_files ?? [],
        adminPassword,
        allocations,
        networkInfo,
      });
      this.#host.ownRecords.noteBuild(this.#instance.uuid);
      return (await driver.getInfo(this.#instance)).powerState;
    } catch (error) {
      throw GuestFailure.from(error);
    }
  }

  async #save(
    changes: ChangesOf<Instance>,
    taskState: string | null,
    retry?: OutageRetryOptions,
  ): Promise<void> {
    const expected = { vmState: [VmState.BUILDING], taskState: [taskState] };
    await this.#host.conductor.instanceSave(this.#ctxt, this.#instance, changes, expected, retry);
  }

  #log(message: string): void {
    this.#host.logger.info({ instance_uuid: this.#instance.uuid, host: this.#host.name }, message);
  }
}
