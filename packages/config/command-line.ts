import {
  type ConfigSource,
  defaultConfigDirectory,
  defaultConfigFile,
  withDefaultSources,
} from './config-source.ts';
import { Override } from './sources.ts';

/** A flag of a command. Mains hand these to their command-line parser as they are. */
export interface CommandLineOption<P extends string = string> {
  /** In commander's notation: `--host <name>`. */
  readonly flags: string;
  readonly description: string;
  /** The key under which commander returns the value: `transportUrl`. */
  readonly key: string;
  /** The option it overrides; `--config-file` and `--config-dir` override none. */
  readonly option?: P;
  /** Joins the values of a repeatable flag: commander's third argument. */
  readonly collect?: (value: string, previous: readonly PathArgument[] | undefined) => PathArgument[];
}

/** A path from the command line that knows its position among the paths of other flags. */
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

/** `--config-file` and `--config-dir`. */
export function configFileOptions(project?: string): CommandLineOption<never>[] {
  let position = 0;
  const collect: CommandLineOption['collect'] = (value, previous = []) => {
    position += 1;
    return [...previous, new PathArgument(value, position)];
  };
  return [
    {
      flags: '--config-file <file>',
      key: 'configFile',
      description: `configuration file; may be repeated, a later one wins (default: ${defaultConfigFile(project)} if it exists)`,
      collect,
    },
    {
      flags: '--config-dir <dir>',
      key: 'configDir',
      description: `directory whose *.conf files are read, by name; may be repeated and mixed with --config-file, a later one wins (default: ${defaultConfigDirectory(project)} if it exists)`,
      collect,
    },
  ];
}

/** `configSources` and `overrides` for `loadConfig`, from the values a command-line parser returned. */
export function fromCommandLine<P extends string>(
  values: Readonly<Record<string, unknown>>,
  options: readonly CommandLineOption<P>[],
  project?: string,
): { configSources: ConfigSource[]; overrides: Partial<Record<P, Override>> } {
  const overrides: Partial<Record<P, Override>> = {};
  for (const { flags, key, option } of options) {
    const value = values[key];
    if (value === undefined || !option) continue;
    overrides[option] = new Override(value, flags.split(' ', 1)[0] ?? flags);
  }
  return { configSources: withDefaultSources(namedSources(values), project), overrides };
}

/** The files and directories in the order of the command line. */
function namedSources({ configFile, configDir }: Readonly<Record<string, unknown>>): ConfigSource[] {
  const named = [
    ...pathArguments(configFile).map(({ path, position }) => ({ position, source: { file: path } })),
    ...pathArguments(configDir).map(({ path, position }) => ({ position, source: { directory: path } })),
  ];
  return named.sort((a, b) => a.position - b.position).map(({ source }) => source);
}

/** Parsers other than commander may give plain texts, whose order among those of other flags is unknown. */
function pathArguments(value: unknown): PathArgument[] {
  if (!Array.isArray(value)) return [];
  return value.map((item) => (item instanceof PathArgument ? item : new PathArgument(String(item), 0)));
}
