import type { NovaConfig } from '@mini-nova/config';
import type { Database } from '@mini-nova/database';
import { type EndpointOf, type Logger, Target } from '@mini-nova/messaging';
import { Manager, type RequestContext } from '@mini-nova/service';
import { NoValidHost } from '../exceptions.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { SchedulerContract } from './contract.ts';
import { FilterScheduler } from './filter-scheduler.ts';
import { enabledFilters } from './filters/enabled-filters.ts';
import { HostManager } from './host-manager.ts';
import { dictOf } from './selection.ts';
import { cpuWeigher } from './weighers/cpu-weigher.ts';
import { ramWeigher } from './weighers/ram-weigher.ts';

export interface SchedulerManagerOptions {
  db: Database;
  config: Pick<NovaConfig, 'DEFAULT' | 'filter_scheduler' | 'scheduler'>;
  logger: Logger;
}

/** Serves the scheduler RPC API 4.5. */
export class SchedulerManager extends Manager implements EndpointOf<SchedulerContract, RequestContext> {
  override readonly target = new Target({ version: '4.5' });
  override readonly rpcMethods = ['select_destinations'] as const satisfies (keyof SchedulerContract)[];
  readonly #options: SchedulerManagerOptions;
  #scheduler: FilterScheduler;
  /** Requests are placed one after another: those at the same time would all see, and choose, the same best host. */
  readonly #placements = new SerialQueue();

  /** @throws ConfigError when an enabled filter is not known */
  constructor(options: SchedulerManagerOptions) {
    super({ host: options.config.DEFAULT.host, serviceName: 'scheduler' });
    this.#options = options;
    this.#scheduler = createFilterScheduler(options);
  }

  /** Takes over filters and weighers. @throws ConfigError when an enabled filter is not known; the old ones stay then */
  override async reset(): Promise<void> {
    this.#scheduler = createFilterScheduler(this.#options);
  }

  async selectDestinations(
    _ctxt: RequestContext,
    args: SchedulerContract['select_destinations']['args'],
  ): Promise<SchedulerContract['select_destinations']['result']> {
    const { spec_obj, instance_uuids, return_objects = false, return_alternates = false } = args;
    const { config, logger } = this.#options;
    // Hosts named beside the chosen one.
    const alternates = return_objects && return_alternates ? config.scheduler.max_attempts - 1 : 0;
    try {
      const selections = await this.#placements.run(() =>
        this.#scheduler.selectDestinations({ spec: spec_obj, instanceUuids: instance_uuids, alternates }),
      );
      return return_objects ? selections : selections.flatMap(([selected]) => selected ?? []).map(dictOf);
    } catch (error) {
      if (error instanceof NoValidHost) {
        logger.info({ instance_uuids, reason: error.data.reason }, 'no valid host');
      }
      throw error;
    }
  }
}

function createFilterScheduler({ db, config }: SchedulerManagerOptions): FilterScheduler {
  const { DEFAULT, filter_scheduler } = config;
  return new FilterScheduler({
    db,
    hostManager: new HostManager({ db, config: DEFAULT }),
    filters: enabledFilters(filter_scheduler.enabled_filters),
    weighers: [
      ramWeigher(filter_scheduler.ram_weight_multiplier),
      cpuWeigher(filter_scheduler.cpu_weight_multiplier),
    ],
    hostSubsetSize: filter_scheduler.host_subset_size,
  });
}
