import { string } from '../option.ts';

/** Nova's releases whose RPC API versions are known, oldest first. */
const RELEASES = [
  'icehouse',
  'juno',
  'kilo',
  'liberty',
  'mitaka',
  'newton',
  'ocata',
  'pike',
  'queens',
  'rocky',
  'stein',
  'train',
  'ussuri',
  'victoria',
  'wallaby',
  'xena',
  'yoga',
  'zed',
] as const;

export type Release = (typeof RELEASES)[number];

const pin = (service: string) =>
  string({
    default: null,
    pattern: new RegExp(`^(\\d+\\.\\d+|${RELEASES.join('|')})$`),
    allowed: `a version such as 6.0, a release (${RELEASES.join(', ')})`,
    help: `Newest version of ${service}'s RPC API to send while older ones still run.`,
  });

/** Version caps of RPC clients during a rolling upgrade. */
export const upgrade_levels = {
  compute: pin('compute'),
  conductor: pin('conductor'),
  scheduler: pin('scheduler'),
} as const;
