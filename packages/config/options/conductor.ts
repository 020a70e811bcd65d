import { integer } from '../option.ts';

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
