import { string } from '../option-types.ts';

const pin = (service: string) =>
  string({
    default: null,
    pattern: /^(\d+\.\d+|[a-z]+)$/,
    allowed: 'a version such as 6.0 or the name of a release',
    help: `Newest version of ${service}'s RPC API to send while older ones still run.`,
  });

/** Version caps of RPC clients during a rolling upgrade. */
export const upgrade_levels = {
  compute: pin('compute'),
  conductor: pin('conductor'),
  scheduler: pin('scheduler'),
} as const;
