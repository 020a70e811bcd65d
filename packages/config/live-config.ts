import { isDeepStrictEqual } from 'node:util';
import { maskSecret } from '@mini-nova/masking';
import { type Config, liveConfig } from './config-view.ts';
import { type Option, type Schema, textOf } from './option.ts';
import { type LoadConfigOptions, type Reading, readConfig, settle } from './read-config.ts';
import type { Settings } from './sources.ts';

/** An option that has another value in the sources than in the running process. */
export interface ConfigChange {
  /** `DEFAULT.debug` */
  readonly path: string;
  /** The value so far, as a configuration file would have it, with secrets masked. */
  readonly from: string;
  readonly to: string;
  readonly mutable: boolean;
  /** If not, it needs a restart. */
  readonly applied: boolean;
}

export interface ConfigReload {
  /** In the order of the schema. */
  readonly changes: readonly ConfigChange[];
  /** The warnings about the sources, as in `values.warnings`. */
  readonly warnings: readonly string[];
}

/** The configuration of a running daemon, whose mutable options can change. */
export class LiveConfig<S extends Schema> {
  /**
   * A read-only view of the current values: each access to it, or to one of its groups, returns the value of that
   * moment. A copy (`{ ...values.DEFAULT }`) keeps its values.
   */
  readonly values: Config<S>;
  readonly #schema: S;
  readonly #options: LoadConfigOptions<S>;
  #current: Reading;

  /**
   * Reads the configuration, as `loadConfig` does.
   *
   * @throws ConfigError
   */
  static load<S extends Schema>(options: LoadConfigOptions<S>): LiveConfig<S> {
    return new LiveConfig(options);
  }

  private constructor(options: LoadConfigOptions<S>) {
    this.#schema = options.schema;
    this.#options = options;
    this.#current = readConfig(options);
    this.values = liveConfig(this.#schema, () => this.#current);
  }

  /**
   * Reads all sources again and applies the mutable options that have changed. Changed immutable options keep their
   * values, and each reload reports them until the sources agree with the running values again. `everything` applies
   * them too, for a daemon that starts its service anew.
   *
   * @throws ConfigError; then nothing has changed
   */
  reload({ everything = false }: { everything?: boolean } = {}): ConfigReload {
    const read = readConfig(this.#options);
    const after = everything ? read : this.#withImmutables(read);
    const changes = [...changesBetween(this.#schema, this.#current, read, after)];
    this.#current = after;
    return { changes, warnings: read.sources.warnings };
  }

  /** What was read, but with the running values of immutable options, so that references to these resolve to them. */
  #withImmutables({ sources }: Reading): Reading {
    const { values, secrets } = this.#current;
    const overrides: Settings = new Map(sources.overrides);
    for (const [path, group, name, { mutable }] of entries(this.#schema)) {
      if (mutable) continue;
      const settled = { secret: secrets.has(path) };
      overrides.set(path, { value: values[group]?.[name], source: { text: 'running' }, settled });
    }
    return settle(this.#schema, { ...sources, overrides });
  }
}

/**
 * Reads the configuration: overrides win over the environment (`OS_<GROUP>__<OPTION>`), over files, over defaults. An
 * unknown option is ignored with a warning.
 *
 * @throws ConfigError with every problem there is
 */
export function loadConfig<S extends Schema>(options: LoadConfigOptions<S>): Config<S> {
  return LiveConfig.load(options).values;
}

type Entry = [path: string, group: string, name: string, option: Option<unknown>];

function* entries(schema: Schema): Generator<Entry> {
  for (const [group, options] of Object.entries(schema)) {
    for (const [name, option] of Object.entries(options)) yield [`${group}.${name}`, group, name, option];
  }
}

/** Values are compared, not their texts: `yes` for `true` is no change. */
function* changesBetween(
  schema: Schema,
  before: Reading,
  read: Reading,
  after: Reading,
): Generator<ConfigChange> {
  for (const [path, group, name, option] of entries(schema)) {
    const mutable = option.mutable === true;
    const applied = mutable || read === after;
    const reading = applied ? after : read;
    const [old, now] = [before.values[group]?.[name], reading.values[group]?.[name]];
    if (isDeepStrictEqual(old, now)) continue;
    const from = shown(option, old, before.secrets.has(path));
    const to = shown(option, now, reading.secrets.has(path));
    // Two passwords look the same when they are masked.
    yield { path, from, to: from === to ? `${to} (a different secret)` : to, mutable, applied };
  }
}

function shown(option: Option<unknown>, value: unknown, secret: boolean): string {
  const text = textOf(option, value);
  return secret ? maskSecret(text) : text;
}
