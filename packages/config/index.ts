export {
  type CommandLineOption,
  type CommandLineOptionsOptions,
  commandLineOptions,
  fromCommandLine,
} from './command-line.ts';
export { ConfigError, type ConfigProblem, type ConfigProblemCode } from './config-error.ts';
export { type Config, type LoadConfigOptions, loadConfig, type NovaConfig } from './load-config.ts';
export { maskUrl } from './mask.ts';
export type { ConfigValues, Option, OptionGroup, OptionPath, OptionType, Schema } from './option.ts';
export { boolean, custom, float, integer, list, port, seconds, string } from './option-types.ts';
export type { ImageDefinition } from './options/image.ts';
export { type NovaSchema, novaSchema } from './options/index.ts';
export type { Release } from './options/upgrade-levels.ts';
export { Override } from './override.ts';
export { renderSampleConfig } from './sample.ts';
export { DEFAULT_CONFIG_FILE, environmentVariable } from './sources.ts';
