import { computeRpc, guestRpc, strayStates } from '@mini-nova/compute/rpcapi';
import type { ComputeTaskAPI, ConductorAPI } from '@mini-nova/conductor/rpcapi';
import type { VirtualInterface } from '@mini-nova/domain/network-model';
import {
  type ArgsOf,
  type EndpointOf,
  endpoint,
  type JsonObject,
  type Logger,
  type RpcEndpoint,
  type RpcRequest,
} from '@mini-nova/messaging';
import type { NetworkAPI } from '@mini-nova/network/rpcapi';
import type { PlacementAPI } from '@mini-nova/placement/rpcapi';
import {
  ConcurrencyLimit,
  type Figure,
  Manager,
  type PeriodicTask,
  type ReadinessChecks,
  RequestContext,
} from '@mini-nova/service';
import { InstanceBuild } from './build.ts';
import type { ComputeHost } from './compute-host.ts';
import { tailOf } from './console.ts';
import { cleanUpDeletedGuests } from './deleted-guests.ts';
import { GuestManager } from './guest-manager.ts';
import { GuestWatch } from './guest-watch.ts';
import { recoverHost } from './host-recovery.ts';
import { checkSizes } from './host-sizes.ts';
import { InstanceLocks } from './instance-locks.ts';
import { healHostInterfaces } from './interface-healing.ts';
import { attachInterface, detachInterface } from './interfaces.ts';
import type { NodeIdentities } from './node-identities.ts';
import { InstanceNotifications } from './notifications.ts';
import type { ComputeConfig } from './options.ts';
import { deleteAsOrdered } from './ordered-deletion.ts';
import { OwnRecords } from './own-records.ts';
import { rebootInstance, startInstance, stopInstance } from './power.ts';
import { syncPowerStates } from './power-sync.ts';
import { ResourceTracker } from './resource-tracker.ts';
import type { VirtDriver } from './virt/driver.ts';

export interface ComputeManagerOptions {
  host: string;
  config: Pick<ComputeConfig, 'DEFAULT'>;
  driver: VirtDriver;
  identities: NodeIdentities;
  conductor: ConductorAPI;
  computeTask: ComputeTaskAPI;
  network: NetworkAPI;
  placement: PlacementAPI;
  logger: Logger;
}

/** A periodic task with it does not run. */
const NEVER = -1;

type Args<M extends keyof typeof computeRpc.methods> = ArgsOf<typeof computeRpc, M>;

/**
 * Serves the compute RPC API of one host. What concerns one instance runs one after another: a termination waits
 * for the build, which notices at its next step that the instance is being deleted.
 */
export class ComputeManager extends Manager implements EndpointOf<typeof computeRpc, RequestContext> {
  override readonly endpoints: readonly RpcEndpoint[];
  override readonly checks: ReadinessChecks = { records: () => this.#suspensionText };
  override readonly figures: readonly Figure[] = [
    {
      name: 'nova_compute_stray_guests',
      help: 'Guests whose instance is not recorded on this host: deleted, moved, elsewhere, or unknown',
      labels: ['state'],
      values: () => strayStates.map((state) => ({ labels: { state }, value: this.#watch.count(state) })),
    },
    {
      name: 'nova_compute_destruction_suspended',
      help: 'Whether nothing is destroyed here, as the records of this compute are missing',
      labels: [],
      values: () => [{ labels: {}, value: this.#compute.ownRecords.suspension ? 1 : 0 }],
    },
  ];
  readonly #compute: ComputeHost;
  readonly #config: ComputeConfig['DEFAULT'];
  readonly #locks = new InstanceLocks();
  readonly #builds: ConcurrencyLimit;
  readonly #watch: GuestWatch;
  #isRecovered = false;

  constructor({ host, config, identities, ...parts }: ComputeManagerOptions) {
    super({ host, serviceName: 'compute' });
    const { driver, conductor, placement, logger } = parts;
    const reservations = config.DEFAULT;
    const ownRecords = new OwnRecords({ host, conductor, identities, logger });
    const tracker = new ResourceTracker({
      host,
      driver,
      conductor,
      placement,
      ownRecords,
      reservations,
      logger,
    });
    const notifications = new InstanceNotifications(this, logger);
    this.#compute = {
      name: host,
      tracker,
      ownRecords,
      notifications,
      unfinishedGuests: new Set(),
      ...parts,
    };
    this.#config = config.DEFAULT;
    this.#builds = new ConcurrencyLimit(() => config.DEFAULT.max_concurrent_builds);
    this.#watch = new GuestWatch(this.#compute, this.#locks);
    const guests = new GuestManager(this.#compute, this.#watch, this.#locks);
    this.endpoints = [endpoint(computeRpc, this), endpoint(guestRpc, guests)];
  }

  /** Waits for a conductor, reports the host, and puts in order what an earlier run left. */
  override async initHost(): Promise<void> {
    const ctxt = RequestContext.admin();
    const { conductor, driver, tracker, logger } = this.#compute;
    await checkSizes(driver, this.#config);
    await conductor.waitUntilReady(ctxt, logger);
    const instances = await conductor.instancesByHost(ctxt, this.host);
    await driver.initHost(ctxt, instances);
    await tracker.updateAvailableResource(ctxt);
    await this.#cleanUpDeletedGuests(ctxt);
    await this.#recover(ctxt);
    await syncPowerStates(this.#compute, ctxt, this.#locks);
  }

  override async postStartHook(): Promise<void> {
    this.#compute.ownRecords.registered();
  }

  override report(): JsonObject {
    const guests = this.#watch.strays.map(({ uuid, state, recordedHost, since }) => ({
      uuid,
      state,
      recorded_host: recordedHost,
      seconds: Math.round((performance.now() - since) / 1000),
    }));
    return { own_records: this.#compute.ownRecords.report(), stray_guests: guests };
  }

  override periodicTasks(): PeriodicTask[] {
    const { tracker } = this.#compute;
    const { update_resources_interval: spacing } = this.#config;
    const { running_deleted_instance_poll_interval, heal_instance_info_cache_interval } = this.#config;
    return [
      {
        name: 'update_available_resource',
        spacing,
        run: (ctxt) => tracker.updateAvailableResource(ctxt),
      },
      { name: 'watch_guests', spacing, run: (ctxt) => this.#watchGuests(ctxt) },
      {
        name: 'cleanup_running_deleted_instances',
        spacing: running_deleted_instance_poll_interval || NEVER,
        run: (ctxt) => this.#cleanUpDeletedGuests(ctxt),
      },
      {
        name: 'sync_power_states',
        spacing: this.#config.sync_power_state_interval,
        run: (ctxt) => syncPowerStates(this.#compute, ctxt, this.#locks),
      },
      {
        name: 'heal_instance_info_cache',
        spacing: heal_instance_info_cache_interval || NEVER,
        run: (ctxt) => healHostInterfaces(this.#compute, ctxt, this.#locks),
      },
    ];
  }

  async buildAndRunInstance(ctxt: RequestContext, args: Args<'buildAndRunInstance'>): Promise<null> {
    const build = new InstanceBuild(this.#compute, ctxt, args);
    return this.#builds.run(() => this.#serialized(args, () => build.run()), {
      every: this.#config.instance_build_timeout / 3,
      say: () => build.wait(),
    });
  }

  async terminateInstance(ctxt: RequestContext, args: Args<'terminateInstance'>): Promise<null> {
    return this.#serialized(args, () => deleteAsOrdered(this.#compute, ctxt, args.instance));
  }

  async startInstance(ctxt: RequestContext, args: Args<'startInstance'>): Promise<null> {
    return this.#serialized(args, () => startInstance(this.#compute, ctxt, args.instance));
  }

  async stopInstance(ctxt: RequestContext, args: Args<'stopInstance'>): Promise<null> {
    const { instance, clean_shutdown } = args;
    return this.#serialized(args, () => stopInstance(this.#compute, ctxt, instance, clean_shutdown));
  }

  async rebootInstance(ctxt: RequestContext, args: Args<'rebootInstance'>): Promise<null> {
    const { instance, reboot_type } = args;
    return this.#serialized(args, () => rebootInstance(this.#compute, ctxt, instance, reboot_type));
  }

  async attachInterface(
    ctxt: RequestContext,
    args: Args<'attachInterface'>,
    caller?: RpcRequest,
  ): Promise<VirtualInterface> {
    return this.#locks.run(args.instance.uuid, () => attachInterface(this.#compute, ctxt, args), caller);
  }

  async detachInterface(ctxt: RequestContext, args: Args<'detachInterface'>): Promise<null> {
    const { instance, port_id } = args;
    return this.#serialized(args, () => detachInterface(this.#compute, ctxt, instance, port_id));
  }

  async getConsoleOutput(ctxt: RequestContext, args: Args<'getConsoleOutput'>): Promise<string> {
    const output = await this.#compute.driver.getConsoleOutput(ctxt, args.instance);
    return tailOf(output, args.tail_length);
  }

  /** What a start could not put in order while the records of this compute were missing is, once they are back. */
  async #watchGuests(ctxt: RequestContext): Promise<void> {
    await this.#watch.look(ctxt);
    if (!this.#isRecovered) await this.#recover(ctxt);
  }

  async #recover(ctxt: RequestContext): Promise<void> {
    const { conductor, ownRecords } = this.#compute;
    if (ownRecords.suspension) return;
    const instances = await conductor.instancesByHost(ctxt, this.host);
    this.#isRecovered = true;
    await recoverHost(this.#compute, ctxt, instances, this.#locks);
    await healHostInterfaces(this.#compute, ctxt, this.#locks);
  }

  async #cleanUpDeletedGuests(ctxt: RequestContext): Promise<void> {
    const tools = { host: this.#compute, watch: this.#watch, locks: this.#locks };
    await cleanUpDeletedGuests(ctxt, tools, this.#config);
  }

  get #suspensionText(): string | undefined {
    const { suspension } = this.#compute.ownRecords;
    return suspension && `nothing is destroyed here: ${suspension.reason}`;
  }

  /** For casts: nobody waits for the result. */
  async #serialized({ instance }: { instance: { uuid: string } }, step: () => Promise<void>): Promise<null> {
    await this.#locks.run(instance.uuid, step);
    return null;
  }
}
