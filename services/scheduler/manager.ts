import { listEndedConsumers } from '@mini-nova/data/allocations/queries';
import type { Database } from '@mini-nova/data/database';
import { NoValidHost } from '@mini-nova/domain/exceptions';
import {
  type ArgsOf,
  type EndpointOf,
  endpoint,
  type Logger,
  type ResultOf,
  type RpcRequest,
} from '@mini-nova/messaging';
import type { Selection } from '@mini-nova/objects';
import { schedulerRpc } from '@mini-nova/scheduler/rpcapi';
import { Manager, type RequestContext, WorkQueue } from '@mini-nova/service';
import { dictOf, FilterScheduler } from './filter-scheduler.ts';
import { enabledFilters } from './filters/registry.ts';
import { HostManager } from './hosts/host-manager.ts';
import type { SchedulerConfig } from './options.ts';
import { weighers } from './weighers/registry.ts';

export interface SchedulerManagerOptions {
  db: Database;
  config: Pick<SchedulerConfig, 'DEFAULT' | 'filter_scheduler' | 'scheduler'>;
  logger: Logger;
}

type SelectArgs = ArgsOf<typeof schedulerRpc, 'selectDestinations'>;

/** Serves the scheduler RPC API 4.5. */
export class SchedulerManager extends Manager implements EndpointOf<typeof schedulerRpc, RequestContext> {
  override readonly endpoints = [endpoint(schedulerRpc, this)];
  readonly #options: SchedulerManagerOptions;
  #scheduler: FilterScheduler;
  /** Requests are placed one after another: at the same time, all would see and choose the same best host. */
  readonly #placements: WorkQueue;

  /** @throws ConfigError when an enabled filter does not exist */
  constructor(options: SchedulerManagerOptions) {
    super({ host: options.config.DEFAULT.host, serviceName: 'scheduler' });
    this.#options = options;
    this.#scheduler = createFilterScheduler(options);
    const limit = () => options.config.scheduler.max_queued_requests;
    this.#placements = new WorkQueue({ name: 'scheduler', limit });
  }

  /** Takes over filters and weighers. @throws ConfigError when an enabled filter does not exist; then the old ones stay */
  override async reset(): Promise<void> {
    this.#scheduler = createFilterScheduler(this.#options);
  }

  /** @throws RequestRefused when too many wait, or the caller would give up before its turn */
  async selectDestinations(
    _ctxt: RequestContext,
    args: SelectArgs,
    request?: RpcRequest,
  ): Promise<ResultOf<typeof schedulerRpc, 'selectDestinations'>> {
    try {
      const selections = await this.#select(args, request);
      return args.return_objects
        ? selections
        : selections.flatMap(([selected]) => selected ?? []).map(dictOf);
    } catch (error) {
      if (error instanceof NoValidHost) {
        const { instance_uuids } = args;
        this.#options.logger.info({ instance_uuids, reason: error.data.reason }, 'no valid host');
      }
      throw error;
    }
  }

  async #select(args: SelectArgs, caller: RpcRequest | undefined): Promise<Selection[][]> {
    const { instance_uuids } = args;
    // Instances that have ended are answered without waiting for a turn.
    const isOver = this.#placements.isBusy && (await this.#haveEnded(instance_uuids));
    if (isOver) return instance_uuids.map(() => []);
    return this.#placements.run(() => this.#place(args, caller), caller);
  }

  #place(args: SelectArgs, caller: RpcRequest | undefined): Promise<Selection[][]> {
    const { spec_obj, instance_uuids, return_objects = false, return_alternates = false } = args;
    return this.#scheduler.selectDestinations({
      spec: spec_obj,
      instanceUuids: instance_uuids,
      // Alternates, besides the chosen host.
      alternates: return_objects && return_alternates ? this.#options.config.scheduler.max_attempts - 1 : 0,
      ...(caller && { caller }),
    });
  }

  async #haveEnded(instanceUuids: readonly string[]): Promise<boolean> {
    const ended = await listEndedConsumers(this.#options.db.kysely, instanceUuids);
    return ended.length === new Set(instanceUuids).size;
  }
}

function createFilterScheduler({ db, config, logger }: SchedulerManagerOptions): FilterScheduler {
  const { DEFAULT, filter_scheduler } = config;
  const filters = enabledFilters(filter_scheduler.enabled_filters);
  const columns = new Set([...filters, ...weighers].flatMap(({ reads }) => reads));
  return new FilterScheduler({
    db,
    hostManager: new HostManager({ db, config: DEFAULT, columns: [...columns] }),
    filters,
    weighers,
    config,
    hostSubsetSize: filter_scheduler.host_subset_size,
    logger,
  });
}
