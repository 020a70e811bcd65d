import { computeRpc, guestRpc, strayStates } from '@mini-nova/compute/rpcapi';
import type { ComputeTaskAPI, ConductorAPI } from '@mini-nova/conductor/rpcapi';
import { endpoint, type JsonObject, type Logger, type RpcEndpoint } from '@mini-nova/messaging';
import type { NetworkAPI } from '@mini-nova/network/rpcapi';
import type { PlacementAPI } from '@mini-nova/placement/rpcapi';
import {
  type Figure,
  KeyedQueue,
  Manager,
  type PeriodicTask,
  type ReadinessChecks,
  RequestContext,
  WorkQueue,
} from '@mini-nova/service';
import type { ComputeHost } from './compute-host.ts';
import { cleanUpDeletedGuests } from './deleted-guests.ts';
import { GuestManager } from './guest-manager.ts';
import { GuestWatch } from './guest-watch.ts';
import { recoverHost } from './host-recovery.ts';
import { healHostInterfaces } from './interface-healing.ts';
import { InstanceNotifications } from './notifications.ts';
import { type ComputeEndpoint, serveOperations } from './operations/index.ts';
import type { ComputeConfig } from './options.ts';
import { OwnRecords } from './own-records.ts';
import { syncPowerStates } from './power-sync.ts';
import { checkSizes } from './resources/host-sizes.ts';
import type { NodeIdentities } from './resources/node-identities.ts';
import { ResourceTracker } from './resources/resource-tracker.ts';
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

/** The spacing of a periodic task that does not run. */
const NEVER = -1;

/**
 * Serves the compute RPC API of one host. Operations on one instance run one after another: a termination waits for the
 * build, which notices at its next step that the instance is being deleted.
 */
export class ComputeManager extends Manager {
  /** The served methods, by name. */
  readonly served: ComputeEndpoint;
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
      help: '1 while the records of this compute are missing, so that it destroys nothing',
      labels: [],
      values: () => [{ labels: {}, value: this.#compute.ownRecords.suspension ? 1 : 0 }],
    },
  ];
  readonly #compute: ComputeHost;
  readonly #config: ComputeConfig['DEFAULT'];
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
      locks: new KeyedQueue('instance'),
      builds: new WorkQueue({ name: 'builds', width: () => config.DEFAULT.max_concurrent_builds }),
      buildTimeout: () => config.DEFAULT.instance_build_timeout,
      ...parts,
    };
    this.#config = config.DEFAULT;
    this.#watch = new GuestWatch(this.#compute);
    this.served = serveOperations(this.#compute);
    const guests = new GuestManager(this.#compute, this.#watch);
    this.endpoints = [endpoint(computeRpc, this.served), endpoint(guestRpc, guests)];
  }

  /** Waits for a conductor, reports the host, and recovers what an earlier run left. */
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
    await syncPowerStates(this.#compute, ctxt);
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
        run: (ctxt) => syncPowerStates(this.#compute, ctxt),
      },
      {
        name: 'heal_instance_info_cache',
        spacing: heal_instance_info_cache_interval || NEVER,
        run: (ctxt) => healHostInterfaces(this.#compute, ctxt),
      },
    ];
  }

  /** Once the records of this compute are back, also does the recovery that the start had to skip. */
  async #watchGuests(ctxt: RequestContext): Promise<void> {
    await this.#watch.look(ctxt);
    if (!this.#isRecovered) await this.#recover(ctxt);
  }

  async #recover(ctxt: RequestContext): Promise<void> {
    const { conductor, ownRecords } = this.#compute;
    if (ownRecords.suspension) return;
    const instances = await conductor.instancesByHost(ctxt, this.host);
    this.#isRecovered = true;
    await recoverHost(this.#compute, ctxt, instances);
    await healHostInterfaces(this.#compute, ctxt);
  }

  async #cleanUpDeletedGuests(ctxt: RequestContext): Promise<void> {
    const tools = { host: this.#compute, watch: this.#watch };
    await cleanUpDeletedGuests(ctxt, tools, this.#config);
  }

  get #suspensionText(): string | undefined {
    const { suspension } = this.#compute.ownRecords;
    return suspension && `nothing is destroyed here: ${suspension.reason}`;
  }
}
