import { inspect } from 'node:util';
import { MASK, maskSecret } from '@mini-nova/masking';
import type { ConfigValues, Schema } from './option.ts';
import type { Reading } from './read-config.ts';

/** Values by group, and the warnings about the sources. JSON and `inspect` show secrets masked. */
export type Config<S extends Schema> = ConfigValues<S> & { readonly warnings: readonly string[] };

/** A view of the current configuration: each access returns the value of that moment. */
export function liveConfig<S extends Schema>(schema: S, current: () => Reading): Config<S> {
  const config = {};
  for (const [group, options] of Object.entries(schema)) {
    const values = {};
    for (const name of Object.keys(options)) define(values, name, () => current().values[group]?.[name]);
    Object.defineProperty(config, group, {
      value: masking(values, () => maskGroup(current(), group)),
      enumerable: true,
    });
  }
  define(config, 'warnings', () => current().sources.warnings);
  return masking(config, () => maskAll(current())) as Config<S>;
}

// A property without a setter: in strict mode an assignment throws.
function define(object: object, name: string, get: () => unknown): void {
  Object.defineProperty(object, name, { get, enumerable: true });
}

/** Logging a configuration, or a group of it, must not log its passwords. */
function masking<T extends object>(object: T, masked: () => object): T {
  Object.defineProperty(object, 'toJSON', { value: masked });
  Object.defineProperty(object, inspect.custom, { value: masked });
  return Object.freeze(object);
}

function maskAll(reading: Reading): object {
  const groups = Object.keys(reading.values).map((group) => [group, maskGroup(reading, group)]);
  return { ...Object.fromEntries(groups), warnings: reading.sources.warnings };
}

function maskGroup({ values, secrets }: Reading, group: string): object {
  const shown = Object.entries(values[group] ?? {}).map(([name, value]) => {
    return [name, secrets.has(`${group}.${name}`) ? masked(value) : value];
  });
  return Object.fromEntries(shown);
}

function masked(value: unknown): unknown {
  if (typeof value === 'string') return maskSecret(value);
  return value === null ? value : MASK;
}
