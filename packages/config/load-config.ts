import { inspect } from 'node:util';
import convict from 'convict';
import { ConfigError } from './config-error.ts';
import { maskValue } from './mask.ts';
import type { ConfigValues, Option, OptionPath, Schema } from './option.ts';
import { type NovaSchema, novaSchema } from './options/index.ts';
import { Resolver } from './resolve.ts';
import { collectSettings } from './sources.ts';

export interface LoadConfigOptions<S extends Schema = NovaSchema> {
  /**
   * Read in order, a later file wins. Each must exist. Absent: /etc/nova/nova.conf, if there is one.
   */
  configFiles?: readonly string[] | undefined;
  /** Default: the environment of the process. */
  env?: NodeJS.ProcessEnv;
  /** The strongest source: values by `group.option`. Texts are parsed; undefined values are left out. */
  overrides?: { readonly [P in OptionPath<S>]?: unknown };
  /** Default: mini-nova's own. */
  schema?: S;
}

/** Frozen values by group, and what was odd about the sources. JSON and `inspect` show it with masked secrets. */
export type Config<S extends Schema> = ConfigValues<S> & { readonly warnings: readonly string[] };

/** Nova's configuration: `config.DEFAULT.host`, `config.database.connection`. */
export type NovaConfig = Config<NovaSchema>;

/**
 * Reads the configuration: overrides over environment (`OS_<GROUP>__<OPTION>`) over files over defaults. An
 * option nobody knows is ignored with a warning.
 *
 * @throws ConfigError with every problem there is
 */
export function loadConfig<S extends Schema>(options: LoadConfigOptions<S> & { schema: S }): Config<S>;
export function loadConfig<S extends NovaSchema = NovaSchema>(options?: LoadConfigOptions<S>): Config<S>;
export function loadConfig<S extends Schema>(options: LoadConfigOptions<S> = {}): Config<S> {
  // The default belongs to the default of S: a caller who names another S must give its schema.
  const schema = options.schema ?? (novaSchema as Schema as S);
  const { settings, warnings, problems } = collectSettings(schema, {
    configFiles: options.configFiles,
    env: options.env ?? process.env,
    overrides: options.overrides ?? {},
  });
  const resolver = new Resolver(schema, settings);
  const values = validate(schema, resolver);
  const [first, ...more] = [...problems, ...resolver.problems];
  if (first) throw new ConfigError([first, ...more]);
  return freeze(schema, values, warnings) as Config<S>;
}

type Values = Record<string, Record<string, unknown>>;

/**
 * Lets convict merge the values that were set into the defaults and check them all. Refused ones are reported to
 * the resolver.
 */
function validate(schema: Schema, resolver: Resolver): Values {
  const properties = convict<Values>(convictSchema(schema, resolver), { env: {}, args: [] });
  properties.load(settledValues(schema, resolver));
  try {
    properties.validate();
  } catch (error) {
    // Its message is a mere text; the resolver has the problems with their sources. Anything else is a bug.
    if (resolver.problems.length === 0) throw error;
  }
  return properties.getProperties();
}

function convictSchema(schema: Schema, resolver: Resolver): convict.Schema<Values> {
  return mapOptions(schema, (option, group, name) => ({
    doc: option.help,
    default: option.default,
    nullable: option.default === null,
    sensitive: option.secret === true,
    format(value: unknown) {
      if (option.type.accepts(value)) return;
      resolver.refuse(group, name);
      throw new TypeError(`must be ${option.type.allowed}`);
    },
  }));
}

/** Values that do not even parse are left out: their default stands in until the error is thrown. */
function settledValues(schema: Schema, resolver: Resolver): Values {
  return mapOptions(schema, (option, group, name) => resolver.resolve(group, name) ?? option.default);
}

function mapOptions<T>(
  schema: Schema,
  map: (option: Option<unknown>, group: string, name: string) => T,
): Record<string, Record<string, T>> {
  const mapGroup = ([group, options]: [string, Schema[string]]) =>
    [
      group,
      Object.fromEntries(Object.entries(options).map(([name, o]) => [name, map(o, group, name)])),
    ] as const;
  return Object.fromEntries(Object.entries(schema).map(mapGroup));
}

/** Logging the whole configuration must not log its passwords. */
function freeze(schema: Schema, values: Values, warnings: readonly string[]): object {
  const masked = () => ({ ...maskSecrets(schema, values), warnings });
  const config = { ...values, warnings };
  Object.defineProperty(config, 'toJSON', { value: masked });
  Object.defineProperty(config, inspect.custom, { value: masked });
  return deepFreeze(config);
}

function maskSecrets(schema: Schema, values: Values): Values {
  return mapOptions(schema, (option, group, name) => {
    const value = values[group]?.[name];
    return typeof value === 'string' ? maskValue(option, value) : value;
  });
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) deepFreeze(child);
  }
  return Object.freeze(value);
}
