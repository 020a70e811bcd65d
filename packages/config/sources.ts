import { existsSync } from 'node:fs';
import type { ConfigProblem } from './config-error.ts';
import { readConfigFile } from './config-file.ts';
import type { Schema } from './option.ts';
import { isOverride, type Override } from './override.ts';
import type { Settings } from './setting.ts';

/** What the sources said, the stronger over the weaker. */
export interface Collected {
  settings: Settings;
  warnings: string[];
  problems: ConfigProblem[];
}

export interface SourceOptions {
  configFiles: readonly string[] | undefined;
  env: NodeJS.ProcessEnv;
  overrides: Readonly<Record<string, unknown>>;
}

/** Read when no file was named and it exists. */
export const DEFAULT_CONFIG_FILE = '/etc/nova/nova.conf';

/** Collects settings, weakest source first, so that the stronger ones overwrite. */
export function collectSettings(schema: Schema, options: SourceOptions): Collected {
  const collected: Collected = { settings: new Map(), warnings: [], problems: [] };
  addDefaults(schema, collected);
  for (const file of options.configFiles ?? defaultFiles()) addFile(schema, file, collected);
  addEnvironment(schema, options.env, collected);
  addOverrides(schema, options.overrides, collected);
  return collected;
}

/** The environment variable of an option: `OS_DEFAULT__HOST`. */
export function environmentVariable(group: string, option: string): string {
  return `OS_${group.toUpperCase()}__${option.toUpperCase()}`;
}

function defaultFiles(): string[] {
  return existsSync(DEFAULT_CONFIG_FILE) ? [DEFAULT_CONFIG_FILE] : [];
}

function addDefaults(schema: Schema, { settings }: Collected): void {
  for (const [group, options] of Object.entries(schema)) {
    for (const [name, option] of Object.entries(options)) {
      settings.set(`${group}.${name}`, { value: option.default, source: { text: 'default' } });
    }
  }
}

function addFile(schema: Schema, file: string, { settings, warnings, problems }: Collected): void {
  const parsed = readConfigFile(file);
  problems.push(...parsed.problems);
  for (const { group, name, value, line } of parsed.assignments) {
    const source = { text: `${file}:${line}`, file, line };
    if (isOption(schema, group, name)) settings.set(`${group}.${name}`, { value, source });
    else warnings.push(`${source.text}: ${unknownOption(schema, group, name)}`);
  }
}

function addEnvironment(schema: Schema, env: NodeJS.ProcessEnv, { settings, warnings }: Collected): void {
  const known = new Set<string>();
  for (const [group, options] of Object.entries(schema)) {
    for (const name of Object.keys(options)) {
      const variable = environmentVariable(group, name);
      known.add(variable);
      const value = env[variable];
      if (value === undefined) continue;
      settings.set(`${group}.${name}`, { value, source: { text: `environment variable ${variable}` } });
    }
  }
  // Other programs have OS_ variables, too; only one that begins with a group of ours is a misspelt option.
  const prefixes = Object.keys(schema).map((group) => environmentVariable(group, ''));
  for (const variable of Object.keys(env)) {
    if (known.has(variable) || !prefixes.some((prefix) => variable.startsWith(prefix))) continue;
    warnings.push(`environment variable ${variable}: there is no such option; it is ignored`);
  }
}

function addOverrides(schema: Schema, overrides: SourceOptions['overrides'], collected: Collected): void {
  for (const [path, given] of Object.entries(overrides)) {
    const { value, source }: Override = isOverride(given)
      ? given
      : { value: given, source: `override ${path}` };
    if (value === undefined) continue;
    const [group = '', name = ''] = path.split('.', 2);
    if (isOption(schema, group, name)) collected.settings.set(path, { value, source: { text: source } });
    else
      collected.problems.push({ code: 'UNKNOWN_OPTION', source, detail: unknownOption(schema, group, name) });
  }
}

function isOption(schema: Schema, group: string, name: string): boolean {
  return Object.hasOwn(schema, group) && Object.hasOwn(schema[group] ?? {}, name);
}

function unknownOption(schema: Schema, group: string, name: string): string {
  return Object.hasOwn(schema, group)
    ? `there is no option [${group}] ${name}; it is ignored`
    : `there is no group [${group}]; its option ${name} is ignored`;
}
