import { type Config, frozenConfig } from './config-view.ts';
import type { Schema } from './option.ts';
import type { NovaSchema } from './options/index.ts';
import { type LoadConfigOptions, readConfig } from './read-config.ts';

/**
 * Reads the configuration: overrides over environment (`OS_<GROUP>__<OPTION>`) over files over defaults. An
 * option nobody knows is ignored with a warning.
 *
 * @throws ConfigError with every problem there is
 */
export function loadConfig<S extends Schema>(options: LoadConfigOptions<S> & { schema: S }): Config<S>;
export function loadConfig<S extends NovaSchema = NovaSchema>(options?: LoadConfigOptions<S>): Config<S>;
export function loadConfig<S extends Schema>(options: LoadConfigOptions<S> = {}): Config<S> {
  return frozenConfig(readConfig(options));
}
