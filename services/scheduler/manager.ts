import type { NovaConfig } from '@mini-nova/config';
import type { Database } from '@mini-nova/database';
import { type EndpointOf, type Logger, Target } from '@mini-nova/messaging';
import type { Selection } from '@mini-nova/objects';
import { Manager, type RequestContext } from '@mini-nova/service';
import { NoValidHost } from '../exceptions.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { SchedulerContract } from './contract.ts';
import { FilterScheduler } from './filter-scheduler.ts';
import { enabledFilters } from './filters/enabled-filters.ts';
import { HostManager } from './host-manager.ts';
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
  readonly #scheduler: FilterScheduler;
  /** Hosts named beside the chosen one. */
  readonly #alternates: number;
  readonly #logger: Logger;
  /** Requests are placed one after another: those at the same time would all see, and choose, the same best host. */
  readonly #placements = new SerialQueue();

  /** @throws ConfigError when an enabled filter is not known */
  constructor({ db, config, logger }: SchedulerManagerOptions) {
    super({ host: config.DEFAULT.host, serviceName: 'scheduler' });
    this.#scheduler = createFilterScheduler({ db, config, logger });
    this.#alternates = config.scheduler.max_attempts - 1;
    this.#logger = logger;
  }

  async selectDestinations(
    _ctxt: RequestContext,
    args: SchedulerContract['select_destinations']['args'],
  ): Promise<Selection[][]> {
    const { spec_obj, instance_uuids, return_alternates } = args;
    try {
      return await this.#placements.run(() =>
        this.#scheduler.selectDestinations({
          spec: spec_obj,
          instanceUuids: instance_uuids,
          alternates: return_alternates ? this.#alternates : 0,
        }),
      );
    } catch (error) {
      if (error instanceof NoValidHost) {
        this.#logger.info({ instance_uuids, reason: error.data.reason }, 'no valid host');
      }
      throw error;
    }
  }
}

function createFilterScheduler({ db, config, logger }: SchedulerManagerOptions): FilterScheduler {
  const { DEFAULT, filter_scheduler } = config;
  return new FilterScheduler({
    db,
    hostManager: new HostManager({
      db,
      serviceDownTime: DEFAULT.service_down_time,
      defaultAvailabilityZone: DEFAULT.default_availability_zone,
    }),
    filters: enabledFilters(filter_scheduler.enabled_filters),
    weighers: [
      ramWeigher(filter_scheduler.ram_weight_multiplier),
      cpuWeigher(filter_scheduler.cpu_weight_multiplier),
    ],
    hostSubsetSize: filter_scheduler.host_subset_size,
    logger,
  });
}
