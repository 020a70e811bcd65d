import { integer } from '@mini-nova/config';

/** What nova-conductor reads. */
export const conductorOptions = {
  conductor: {
    workers: integer({
      default: 1,
      min: 1,
      max: 1024,
      unit: 'processes',
      help: 'Processes of nova-conductor.',
    }),
  },
} as const;
