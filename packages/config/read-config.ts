import convict from 'convict';
import { ConfigError } from './config-error.ts';
import { type ConfigSource, withDefaultSources } from './config-source.ts';
import type { Option, OptionPath, Schema } from './option.ts';
import { type NovaSchema, novaSchema } from './options/index.ts';
import { Resolver } from './resolve.ts';
import type { Settings } from './setting.ts';
import { type Collected, collectSettings } from './sources.ts';

export interface LoadConfigOptions<S extends Schema = NovaSchema> {
  /**
   * Files and directories in order; a later one wins. Absent, and without `configFiles`: /etc/nova/nova.conf, then
   * /etc/nova/nova.conf.d, each if it exists.
   */
  configSources?: readonly ConfigSource[] | undefined;
  /** More files, which are read after `configSources`; each must exist. `[]` alone: no file at all. */
  configFiles?: readonly string[] | undefined;
  /** Default: the environment of the process. */
  env?: NodeJS.ProcessEnv;
  /** The strongest source: values by `group.option`. Texts are parsed; undefined values are left out. */
  overrides?: { readonly [P in OptionPath<S>]?: unknown };
  /** Default: mini-nova's own. */
  schema?: S;
}

/** Values by group and option. */
export type Values = Record<string, Record<string, unknown>>;

/** A configuration as it was read and found good. */
export interface Reading {
  readonly settings: Settings;
  readonly values: Values;
  /** The options whose values hold secrets, as `group.option`. */
  readonly secrets: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

// The default belongs to the default of S: a caller who names another S must give its schema.
export function schemaOf<S extends Schema>({ schema }: LoadConfigOptions<S>): S {
  return schema ?? (novaSchema as Schema as S);
}

/**
 * Reads all sources.
 *
 * @throws ConfigError with every problem there is
 */
export function readConfig<S extends Schema>(options: LoadConfigOptions<S>): Reading {
  const schema = schemaOf(options);
  const collected = collectSettings(schema, {
    configSources: sourcesOf(options),
    env: options.env ?? process.env,
    overrides: options.overrides ?? {},
  });
  return settle(schema, collected);
}

/**
 * Makes values of settings: references are replaced, texts parsed, all values checked.
 *
 * @throws ConfigError
 */
export function settle(schema: Schema, { settings, warnings, problems }: Collected): Reading {
  const resolver = new Resolver(schema, settings);
  const values = validate(schema, resolver);
  const [first, ...more] = [...problems, ...resolver.problems];
  if (first) throw new ConfigError([first, ...more]);
  return {
    settings,
    values: deepFreeze(values),
    secrets: resolver.secrets,
    warnings: Object.freeze(warnings),
  };
}

/** An object of the schema's form, of what `map` makes of each option. */
export function mapOptions<T>(
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

function sourcesOf<S extends Schema>(options: LoadConfigOptions<S>): readonly ConfigSource[] {
  const { configSources, configFiles } = options;
  if (!configSources && !configFiles) return withDefaultSources([]);
  return [...(configSources ?? []), ...(configFiles ?? []).map((file) => ({ file }))];
}

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

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) deepFreeze(child);
  }
  return Object.freeze(value);
}
