export { type CommandLineOption, configFileOptions, fromCommandLine, PathArgument } from './command-line.ts';
export { ConfigError, type ConfigProblem, type ConfigProblemCode } from './config-error.ts';
export {
  type ConfigSource,
  defaultConfigDirectory,
  defaultConfigFile,
  withDefaultSources,
} from './config-source.ts';
export type { Config, DaemonConfig, NovaConfig } from './config-view.ts';
export { type ConfigChange, type ConfigReload, LiveConfig, loadConfig } from './live-config.ts';
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
export { type CommandLineOptionsOptions, commandLineOptions } from './options/command-line.ts';
export type { Release } from './options/domain.ts';
export type { ImageDefinition } from './options/images.ts';
export { type DaemonSchema, daemonSchema, type NovaSchema, novaSchema } from './options/index.ts';
export type { LoadConfigOptions } from './read-config.ts';
export { insertReference, renderReference } from './reference.ts';
export { renderSampleConfig } from './sample.ts';
export { type ComposedSchema, composeSchema } from './schema.ts';
export { environmentVariable, Override } from './sources.ts';
