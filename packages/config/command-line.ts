import { type ConfigSource, withDefaultSources } from './config-source.ts';
import type { OptionPath } from './option.ts';
import type { NovaSchema } from './options/index.ts';
import { Override } from './sources.ts';

/** A flag of the daemons. Mains hand these to their command-line parser as they are. */
export interface CommandLineOption {
  /** In commander's notation: `--host <name>`. */
  readonly flags: string;
  readonly description: string;
  /** The key under which commander returns the value: `transportUrl`. */
  readonly key: string;
  /** The option it overrides; `--config-file` and `--config-dir` override none. */
  readonly option?: OptionPath<NovaSchema>;
  /** Joins the values of a repeatable flag: commander's third argument. */
  readonly collect?: (value: string, previous: readonly PathArgument[] | undefined) => PathArgument[];
}

/** A path from the command line, which knows its place there among those of other flags. */
export class PathArgument {
  readonly path: string;
  readonly position: number;

  constructor(path: string, position: number) {
    this.path = path;
    this.position = position;
  }

  toString(): string {
    return this.path;
  }
}

export interface CommandLineOptionsOptions {
  /** What `--workers` sets in this daemon; without it there is no such flag. */
  workers?: 'conductor.workers' | 'scheduler.workers' | 'DEFAULT.osapi_compute_workers';
}

/** The flags that all daemons share. */
export function commandLineOptions({ workers }: CommandLineOptionsOptions = {}): CommandLineOption[] {
  let position = 0;
  const collect: CommandLineOption['collect'] = (value, previous = []) => {
    position += 1;
    return [...previous, new PathArgument(value, position)];
  };
  const options: CommandLineOption[] = [
    {
      flags: '--config-file <file>',
      key: 'configFile',
      description:
        'configuration file; may be repeated, a later one wins (default: /etc/nova/nova.conf if it exists)',
      collect,
    },
    {
      flags: '--config-dir <dir>',
      key: 'configDir',
      description:
        'directory whose *.conf files are read, by name; may be repeated and mixed with --config-file, a later one wins (default: /etc/nova/nova.conf.d if it exists)',
      collect,
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

/** `configSources` and `overrides` for `loadConfig`, from the values a command-line parser returned. */
export function fromCommandLine(
  values: Readonly<Record<string, unknown>>,
  options: readonly CommandLineOption[] = commandLineOptions(),
): {
  configSources: ConfigSource[];
  overrides: Partial<Record<OptionPath<NovaSchema>, unknown>>;
} {
  const overrides: Partial<Record<OptionPath<NovaSchema>, unknown>> = {};
  for (const { flags, key, option } of options) {
    const value = values[key];
    if (value === undefined || !option) continue;
    overrides[option] = new Override(value, flags.split(' ', 1)[0] ?? flags);
  }
  return { configSources: withDefaultSources(namedSources(values)), overrides };
}

/** The files and directories in the order of the command line. */
function namedSources({ configFile, configDir }: Readonly<Record<string, unknown>>): ConfigSource[] {
  const named = [
    ...pathArguments(configFile).map(({ path, position }) => ({ position, source: { file: path } })),
    ...pathArguments(configDir).map(({ path, position }) => ({ position, source: { directory: path } })),
  ];
  return named.sort((a, b) => a.position - b.position).map(({ source }) => source);
}

/** Other parsers than commander may give plain texts, whose order among those of other flags is not known. */
function pathArguments(value: unknown): PathArgument[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => (item instanceof PathArgument ? item : new PathArgument(String(item), 0)));
}
