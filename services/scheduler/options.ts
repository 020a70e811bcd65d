import { type Config, composeSchema, integer } from '@mini-nova/config';
import { domainOptions } from '@mini-nova/domain/options';
import { daemonSchema } from '@mini-nova/service';
import { filterOptions } from './filters/registry.ts';
import { weigherOptions } from './weighers/registry.ts';

const ownOptions = {
  filter_scheduler: {
    host_subset_size: integer({
      default: 1,
      min: 1,
      unit: 'hosts',
      mutable: true,
      deprecated: ['DEFAULT.scheduler_host_subset_size'],
      help: 'The host is chosen at random among this many of the best: several schedulers then collide less.',
    }),
  },
  scheduler: {
    workers: integer({
      default: 1,
      min: 1,
      max: 1024,
      unit: 'processes',
      help: 'Processes of nova-scheduler.',
    }),
    max_queued_requests: integer({
      default: 1000,
      min: 1,
      unit: 'requests',
      mutable: true,
      help: 'Requests that wait in a process of nova-scheduler. More are refused at once, as are those whose callers would give up before their turn; the conductor asks again later.',
    }),
    max_attempts: integer({
      default: 3,
      min: 1,
      unit: 'hosts',
      mutable: true,
      deprecated: ['DEFAULT.scheduler_max_attempts'],
      help: 'Hosts tried for one instance: the first choice and its alternates.',
    }),
  },
} as const;

/** What nova-scheduler, its filters and its weighers read. */
export const schedulerOptions = composeSchema(ownOptions, filterOptions, weigherOptions);

export const schedulerSchema = composeSchema(daemonSchema, domainOptions, schedulerOptions);

export type SchedulerConfig = Config<typeof schedulerSchema>;
