import { homedir } from 'node:os';
import { join } from 'node:path';
import { seconds, string } from '@mini-nova/config';
import { releases } from './release-versions.ts';

// XDG's place for state: writable without being root, and the same from every working directory.
const STATE_PATH = join(process.env.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'nova');

const pin = (service: string) =>
  string({
    default: null,
    pattern: new RegExp(`^(\\d+\\.\\d+|${releases.join('|')})$`),
    allowed: `a version such as 6.0, a release (${releases.join(', ')})`,
    help: `Newest version of ${service}'s RPC API to send while older ones still run.`,
  });

/** What several of Nova's daemons read. */
export const domainOptions = {
  DEFAULT: {
    state_path: string({
      default: STATE_PATH,
      sampleDefault: '$XDG_STATE_HOME/nova, else ~/.local/state/nova',
      pattern: /./,
      allowed: 'a directory',
      help: 'Directory for what the daemons keep: the SQLite database by default, and what a compute remembers of its own records (compute_id).',
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
      help: 'A build without progress for this long ends in ERROR. Making the guest is one step: set it above the longest that takes. 0: never. Deletions and power operations without progress are repeated after half of it (0: 150 seconds).',
    }),
  },
  /** Version caps of RPC clients during a rolling upgrade. */
  upgrade_levels: {
    compute: pin('compute'),
    conductor: pin('conductor'),
    scheduler: pin('scheduler'),
  },
} as const;
