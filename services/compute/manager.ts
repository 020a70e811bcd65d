import type { NovaConfig } from '@mini-nova/config';
import { type EndpointOf, type Logger, Target } from '@mini-nova/messaging';
import { Manager, type PeriodicTask, RequestContext } from '@mini-nova/service';
import { ConcurrencyLimit } from '../concurrency-limit.ts';
import type { ComputeTaskAPI, ConductorAPI } from '../conductor/rpcapi.ts';
import type { VirtualInterface } from '../network/model.ts';
import type { NetworkAPI } from '../network/rpcapi.ts';
import type { PlacementAPI } from '../scheduler/placement/rpcapi.ts';
import { InstanceBuild } from './build.ts';
import type { ComputeHost } from './compute-host.ts';
import { tailOf } from './console.ts';
import type { ComputeContract } from './contract.ts';
import { recoverHost } from './host-recovery.ts';
import { checkSizes } from './host-sizes.ts';
import { InstanceLocks } from './instance-locks.ts';
import { attachInterface, detachInterface } from './interfaces.ts';
import { InstanceNotifications } from './notifications.ts';
import { rebootInstance, startInstance, stopInstance } from './power.ts';
import { syncPowerStates } from './power-sync.ts';
import { ResourceTracker } from './resource-tracker.ts';
import { destroyStrayGuests } from './stray-guests.ts';
import { terminateInstance } from './termination.ts';
import type { VirtDriver } from './virt/driver.ts';

export interface ComputeManagerOptions {
  host: string;
  config: Pick<NovaConfig, 'DEFAULT'>;
  driver: VirtDriver;
  conductor: ConductorAPI;
  computeTask: ComputeTaskAPI;
  network: NetworkAPI;
  placement: PlacementAPI;
  logger: Logger;
}

type Args<M extends keyof ComputeContract> = ComputeContract[M]['args'];

/**
 * Serves the compute RPC API of one host. What concerns one instance runs one after another: a termination waits
 * for the build, which notices at its next step that the instance is being deleted.
 */
export class ComputeManager extends Manager implements EndpointOf<ComputeContract, RequestContext> {
  override readonly target = new Target({ version: '6.1' });
  override readonly rpcMethods = [
    'build_and_run_instance',
    'terminate_instance',
    'start_instance',
    'stop_instance',
    'reboot_instance',
    'attach_interface',
    'detach_interface',
    'get_console_output',
  ] as const satisfies (keyof ComputeContract)[];
  readonly #compute: ComputeHost;
  readonly #config: NovaConfig['DEFAULT'];
  readonly #locks = new InstanceLocks();
  readonly #builds: ConcurrencyLimit;

  constructor({ host, config, ...parts }: ComputeManagerOptions) {
    super({ host, serviceName: 'compute' });
    const { driver, conductor, placement, logger } = parts;
    const reservations = config.DEFAULT;
    const tracker = new ResourceTracker({ host, driver, conductor, placement, reservations, logger });
    const notifications = new InstanceNotifications(this, logger);
    this.#compute = { name: host, tracker, notifications, ...parts };
    this.#config = config.DEFAULT;
    this.#builds = new ConcurrencyLimit(() => config.DEFAULT.max_concurrent_builds);
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
    await destroyStrayGuests(this.#compute, ctxt, this.#locks);
    await recoverHost(this.#compute, ctxt, instances);
    await syncPowerStates(this.#compute, ctxt, this.#locks);
  }

  override periodicTasks(): PeriodicTask[] {
    const { tracker } = this.#compute;
    const spacing = this.#config.update_resources_interval;
    return [
      {
        name: 'update_available_resource',
        spacing,
        run: (ctxt) => tracker.updateAvailableResource(ctxt),
      },
      {
        name: 'destroy_stray_guests',
        spacing,
        run: (ctxt) => destroyStrayGuests(this.#compute, ctxt, this.#locks),
      },
      {
        name: 'sync_power_states',
        spacing: this.#config.sync_power_state_interval,
        run: (ctxt) => syncPowerStates(this.#compute, ctxt, this.#locks),
      },
    ];
  }

  async buildAndRunInstance(ctxt: RequestContext, args: Args<'build_and_run_instance'>): Promise<null> {
    const build = new InstanceBuild(this.#compute, ctxt, args);
    return this.#builds.run(() => this.#serialized(args, () => build.run()), {
      every: this.#config.instance_build_timeout / 3,
      say: () => build.wait(),
    });
  }

  async terminateInstance(ctxt: RequestContext, args: Args<'terminate_instance'>): Promise<null> {
    return this.#serialized(args, () => terminateInstance(this.#compute, ctxt, args.instance));
  }

  async startInstance(ctxt: RequestContext, args: Args<'start_instance'>): Promise<null> {
    return this.#serialized(args, () => startInstance(this.#compute, ctxt, args.instance));
  }

  async stopInstance(ctxt: RequestContext, args: Args<'stop_instance'>): Promise<null> {
    const { instance, clean_shutdown } = args;
    return this.#serialized(args, () => stopInstance(this.#compute, ctxt, instance, clean_shutdown));
  }

  async rebootInstance(ctxt: RequestContext, args: Args<'reboot_instance'>): Promise<null> {
    const { instance, reboot_type } = args;
    return this.#serialized(args, () => rebootInstance(this.#compute, ctxt, instance, reboot_type));
  }

  async attachInterface(ctxt: RequestContext, args: Args<'attach_interface'>): Promise<VirtualInterface> {
    return this.#locks.run(args.instance.uuid, () => attachInterface(this.#compute, ctxt, args));
  }

  async detachInterface(ctxt: RequestContext, args: Args<'detach_interface'>): Promise<null> {
    const { instance, port_id } = args;
    return this.#serialized(args, () => detachInterface(this.#compute, ctxt, instance, port_id));
  }

  async getConsoleOutput(ctxt: RequestContext, args: Args<'get_console_output'>): Promise<string> {
    const output = await this.#compute.driver.getConsoleOutput(ctxt, args.instance);
    return tailOf(output, args.tail_length);
  }

  /** For casts: nobody waits for the result. */
  async #serialized({ instance }: { instance: { uuid: string } }, step: () => Promise<void>): Promise<null> {
    await this.#locks.run(instance.uuid, step);
    return null;
  }
}
