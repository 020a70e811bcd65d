export {
  type CommandLineOption,
  type CommandLineOptionsOptions,
  commandLineOptions,
  fromCommandLine,
  PathArgument,
} from './command-line.ts';
export { ConfigError, type ConfigProblem, type ConfigProblemCode } from './config-error.ts';
export {
  type ConfigSource,
  DEFAULT_CONFIG_DIR,
  DEFAULT_CONFIG_FILE,
  withDefaultSources,
} from './config-source.ts';
export type { Config, NovaConfig } from './config-view.ts';
export { type ConfigChange, type ConfigReload, LiveConfig, loadConfig } from './live-config.ts';
export { maskUrl } from './mask.ts';
export {
  boolean,
  type ConfigValues,
  custom,
  float,
  integer,
  list,
  type Option,
  type OptionFormat,
  type OptionGroup,
  type OptionPath,
  port,
  type Schema,
  seconds,
  string,
} from './option.ts';
export type { ImageDefinition } from './options/image.ts';
export { type NovaSchema, novaSchema } from './options/index.ts';
export type { Release } from './options/upgrade-levels.ts';
export type { LoadConfigOptions } from './read-config.ts';
export { insertReference, renderReference } from './reference.ts';
export { renderSampleConfig } from './sample.ts';
export { environmentVariable, Override } from './sources.ts';
