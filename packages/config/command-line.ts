import type { OptionPath } from './option.ts';
import type { NovaSchema } from './options/index.ts';
import { Override } from './override.ts';

/** A flag of the daemons. Mains hand these to their command-line parser as they are. */
export interface CommandLineOption {
  /** In commander's notation: `--host <name>`. */
  readonly flags: string;
  readonly description: string;
  /** The key under which commander returns the value: `transportUrl`. */
  readonly key: string;
  /** The option it overrides; `--config-file` overrides none. */
  readonly option?: OptionPath<NovaSchema>;
  /** Joins the values of a repeatable flag: commander's third argument. */
  readonly collect?: (value: string, previous: readonly string[] | undefined) => string[];
}

export interface CommandLineOptionsOptions {
  /** What `--workers` sets in this daemon; without it there is no such flag. */
  workers?: 'conductor.workers' | 'scheduler.workers' | 'DEFAULT.osapi_compute_workers';
}

/** The flags that all daemons share. */
export function commandLineOptions({ workers }: CommandLineOptionsOptions = {}): CommandLineOption[] {
  const options: CommandLineOption[] = [
    {
      flags: '--config-file <file>',
      key: 'configFile',
      description:
        'configuration file; may be repeated, a later one wins (default: /etc/nova/nova.conf if it exists)',
      collect: (value, previous = []) => [...previous, value],
    },
    {
      flags: '--transport-url <url>',
      key: 'transportUrl',
      description: 'message bus',
      option: 'DEFAULT.transport_url',
    },
    {
      flags: '--database-connection <url>',
      key: 'databaseConnection',
      description: 'database',
      option: 'database.connection',
    },
    { flags: '--host <name>', key: 'host', description: 'name of this host', option: 'DEFAULT.host' },
    { flags: '--debug', key: 'debug', description: 'log on level debug', option: 'DEFAULT.debug' },
  ];
  if (workers) {
    options.push({
      flags: '--workers <count>',
      key: 'workers',
      description: 'processes to run',
      option: workers,
    });
  }
  return options;
}

/** `configFiles` and `overrides` for `loadConfig`, from the values a command-line parser returned. */
export function fromCommandLine(
  values: Readonly<Record<string, unknown>>,
  options: readonly CommandLineOption[] = commandLineOptions(),
): { configFiles: string[] | undefined; overrides: Partial<Record<OptionPath<NovaSchema>, unknown>> } {
  const overrides: Partial<Record<OptionPath<NovaSchema>, unknown>> = {};
  let configFiles: string[] | undefined;
  for (const { flags, key, option } of options) {
    const value = values[key];
    if (value === undefined) continue;
    if (option) overrides[option] = new Override(value, flags.split(' ', 1)[0] ?? flags);
    else if (Array.isArray(value)) configFiles = value.map(String);
  }
  return { configFiles, overrides };
}
