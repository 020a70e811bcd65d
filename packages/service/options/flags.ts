import type { CommandLineOption, OptionPath } from '@mini-nova/config';
import type { DaemonSchema } from './index.ts';

/** Command-line flags for options that all daemons have. */
export const daemonFlags = {
  transportUrl: {
    flags: '--transport-url <url>',
    key: 'transportUrl',
    description: 'message bus',
    option: 'DEFAULT.transport_url',
  },
  host: { flags: '--host <name>', key: 'host', description: 'name of this host', option: 'DEFAULT.host' },
  debug: { flags: '--debug', key: 'debug', description: 'log on level debug', option: 'DEFAULT.debug' },
} as const satisfies Record<string, CommandLineOption<OptionPath<DaemonSchema>>>;
