export { type CommandLineOption, configFileOptions, fromCommandLine, PathArgument } from './command-line.ts';
export { ConfigError, type ConfigProblem, type ConfigProblemCode, unknownName } from './config-error.ts';
export {
  type ConfigSource,
  defaultConfigDirectory,
  defaultConfigFile,
  withDefaultSources,
} from './config-source.ts';
export type { Config } from './config-view.ts';
export { insertReference, renderReference, renderSampleConfig } from './documents.ts';
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
export type { LoadConfigOptions } from './read-config.ts';
export { type ComposedSchema, composeSchema, defaultValues, optionsOf } from './schema.ts';
export { environmentVariable, Override } from './sources.ts';
