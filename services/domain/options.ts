import { homedir } from 'node:os';
import { join } from 'node:path';
import { seconds, string } from '@mini-nova/config';
import { releases } from './release-versions.ts';

// XDG's directory for state: writable without root, and the same from every working directory.
const STATE_PATH = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'nova');

const pin = (service: string) =>
  string({
    default: null,
    pattern: new RegExp(`^(\\d+\\.\\d+|${releases.join('|')})$`),
    allowed: `a version such as 6.0, a release (${releases.join(', ')})`,
    help: `Newest version of ${service}'s RPC API to send while older ones still run.`,
  });

/** The options that several daemons read. */
export const domainOptions = {
  DEFAULT: {
    state_path: string({
      default: STATE_PATH,
      sampleDefault: '$XDG_STATE_HOME/nova, else ~/.local/state/nova',
      pattern: /./,
      allowed: 'a directory',
      help: 'Directory for the files of the daemons: by default the SQLite database, and the uuids of the own records of a compute (compute_id).',
    }),
    default_availability_zone: string({
      default: 'nova',
      pattern: /^[^\s:]+$/,
      allowed: 'a name without blanks and colons',
      help: 'Availability zone of computes.',
    }),
    instance_build_timeout: seconds({
      default: 300,
      mutable: true,
      help: 'A build without progress for this long ends in ERROR; 0: never. Making the guest is one step: set this above the longest time it takes. Deletions and power operations without progress are repeated after half of this time (with 0: after 150 seconds).',
    }),
  },
  /** Version caps of RPC clients during a rolling upgrade. */
  upgrade_levels: {
    compute: pin('compute'),
    conductor: pin('conductor'),
    scheduler: pin('scheduler'),
  },
} as const;
