import { integer } from '../option-types.ts';

export const scheduler = {
  workers: integer({
    default: 1,
    min: 1,
    max: 1024,
    unit: 'processes',
    help: 'Processes of nova-scheduler.',
  }),
  max_attempts: integer({
    default: 3,
    min: 1,
    unit: 'hosts',
    mutable: true,
    deprecated: ['DEFAULT.scheduler_max_attempts'],
    help: 'Hosts tried for one instance: the first choice and its alternates.',
  }),
} as const;
