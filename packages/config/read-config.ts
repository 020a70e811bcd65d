import { maskSecret, maskText } from '@mini-nova/masking';
import convict from 'convict';
import { ConfigError, type ConfigProblem } from './config-error.ts';
import { type ConfigSource, withDefaultSources } from './config-source.ts';
import type { OptionPath, Schema } from './option.ts';
import { References } from './references.ts';
import { bracketed, OptionNames, optionAt, splitPath } from './schema.ts';
import { environmentVariable, readSources, type Settings, type Sources } from './sources.ts';

export interface LoadConfigOptions<S extends Schema> {
  schema: S;
  /**
   * Files and directories in order; a later one wins. Absent, and without `configFiles`: /etc/<project>/<project>.conf,
   * then /etc/<project>/<project>.conf.d, each if it exists.
   */
  configSources?: readonly ConfigSource[] | undefined;
  /** More files, read after `configSources`; each must exist. `[]` alone: no file at all. */
  configFiles?: readonly string[] | undefined;
  /** Default: nova. */
  project?: string | undefined;
  /** Default: the environment of the process. */
  env?: NodeJS.ProcessEnv;
  /** The strongest source: values by `group.option`. Texts are parsed; undefined values are left out. */
  overrides?: { readonly [P in OptionPath<S>]?: unknown };
}

/** Values by group and option. */
export type Values = Record<string, Record<string, unknown>>;

/** Convict's configuration, of groups whose types it need not know. */
type Properties = convict.Config<Record<string, unknown>>;

/** A configuration that was read and found valid. */
export interface Reading {
  readonly sources: Sources;
  readonly values: Values;
  /** The options whose values hold secrets, as `group.option`. */
  readonly secrets: ReadonlySet<string>;
}

/**
 * Reads all sources.
 *
 * @throws ConfigError with every problem there is
 */
export function readConfig<S extends Schema>(options: LoadConfigOptions<S>): Reading {
  const { schema, configSources, configFiles, env = process.env, overrides = {} } = options;
  const named = [...(configSources ?? []), ...(configFiles ?? []).map((file) => ({ file }))];
  const sources = readSources(schema, {
    configSources: configSources || configFiles ? named : withDefaultSources([], options.project),
    env,
    overrides,
  });
  return settle(schema, sources);
}

/**
 * Lets convict merge what the sources say, parse the texts and check the values.
 *
 * @throws ConfigError
 */
export function settle(schema: Schema, sources: Sources): Reading {
  const properties = merged(schema, sources);
  const settings = settingsOf(schema, sources);
  const references = new References(schema, new OptionNames(schema), settings);
  for (const [path, { value, settled }] of settings) {
    if (typeof value !== 'string' || settled || !value.includes('$')) continue;
    // Until the error is thrown, the default stands in for a value that could not be resolved.
    properties.set(path, references.expand(path, value) ?? optionAt(schema, path)?.default);
  }
  const problems = problemsOf(schema, settings, references, refusedBy(properties));
  const [first, ...more] = [...sources.problems, ...problems];
  if (first) throw new ConfigError([first, ...more]);
  const values = deepFreeze(properties.getProperties() as Values);
  return { sources, values, secrets: references.secrets };
}

/** Defaults, files, environment, overrides: each over those before it. */
function merged(schema: Schema, { files, environment, overrides }: Sources): Properties {
  const env = [...environment].map(([path, { value }]) => [environmentVariable(...splitPath(path)), value]);
  const properties = convict(convictSchema(schema), { env: Object.fromEntries(env), args: [] });
  for (const file of files) properties.load(byGroup(file));
  for (const [path, { value }] of overrides) properties.set(path, value);
  return properties;
}

function convictSchema(schema: Schema): convict.Schema<Record<string, unknown>> {
  const groups = Object.entries(schema).map(([group, options]) => {
    const properties = Object.entries(options).map(([name, option]) => {
      return [name, { ...option, env: environmentVariable(group, name) }];
    });
    return [group, Object.fromEntries(properties)];
  });
  return Object.fromEntries(groups);
}

function byGroup(settings: Settings): Values {
  const values: Values = {};
  for (const [path, { value }] of settings) {
    const [group, name] = splitPath(path);
    values[group] = { ...values[group], [name]: value };
  }
  return values;
}

/** Where each value came from, in the schema's order: convict does not remember it. */
function settingsOf(schema: Schema, { files, environment, overrides }: Sources): Settings {
  const settings: Settings = new Map();
  for (const [group, options] of Object.entries(schema)) {
    for (const [name, option] of Object.entries(options)) {
      settings.set(`${group}.${name}`, { value: option.default, source: { text: 'default' } });
    }
  }
  for (const given of [...files, environment, overrides]) {
    for (const [path, setting] of given) settings.set(path, setting);
  }
  return settings;
}

/** Convict reports all refused options in one text, with a line for each that begins with the option's name. */
function refusedBy(properties: Properties): Set<string> {
  try {
    properties.validate({ allowed: 'strict' });
    return new Set();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const names = error.message.split('\n').map((line) => line.slice(0, line.indexOf(':')));
    // Otherwise a refusal would be overlooked.
    if (!names.every((name) => properties.has(name))) throw error;
    return new Set(names);
  }
}

function problemsOf(
  schema: Schema,
  settings: Settings,
  { refused: references }: References,
  refused: ReadonlySet<string>,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [path, { value: given, source }] of settings) {
    const option = optionAt(schema, path);
    const detail = references.get(path);
    if (!option || (detail === undefined && !refused.has(path))) continue;
    const text = typeof given === 'string' ? given : String(JSON.stringify(given));
    const value = option.sensitive ? maskSecret(text) : withoutStraySecrets(text);
    const { text: place, ...parts } = source;
    const problem = { source: place, ...parts, option: bracketed(path), value };
    const allowed = option.unit ? `${option.allowed} (${option.unit})` : option.allowed;
    problems.push(
      detail === undefined
        ? { code: 'INVALID_VALUE', ...problem, allowed }
        : { code: 'UNKNOWN_REFERENCE', ...problem, detail },
    );
  }
  return problems;
}

/** A password may have landed in the wrong option: a line indented by mistake continues the one above. */
function withoutStraySecrets(text: string): string {
  const [first = '', ...more] = text.split('\n');
  return more.length === 0 ? maskText(first) : `${maskText(first)} … (${more.length + 1} lines)`;
}

function deepFreeze<T extends object>(value: T): T {
  for (const child of Object.values(value)) {
    if (typeof child === 'object' && child !== null) deepFreeze(child);
  }
  return Object.freeze(value);
}
