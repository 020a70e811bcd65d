import type { ConfigProblem } from './config-error.ts';
import { type Assignment, readConfigFile } from './config-file.ts';
import { type ConfigSource, listConfigFiles } from './config-source.ts';
import { maskSecret } from './mask.ts';
import type { Schema } from './option.ts';
import { bracketed, OptionNames, splitPath } from './option-names.ts';
import { isOverride, type Override } from './override.ts';
import type { Settings } from './setting.ts';

/** What the sources said, the stronger over the weaker. */
export interface Collected {
  settings: Settings;
  warnings: string[];
  problems: ConfigProblem[];
}

export interface SourceOptions {
  configSources: readonly ConfigSource[];
  env: NodeJS.ProcessEnv;
  overrides: Readonly<Record<string, unknown>>;
}

/** Collects settings, weakest source first, so that the stronger ones overwrite. */
export function collectSettings(schema: Schema, options: SourceOptions): Collected {
  const { files, problems } = listConfigFiles(options.configSources);
  const collector = new Collector(schema, problems);
  for (const file of files) collector.addFile(file);
  collector.addEnvironment(options.env);
  collector.addOverrides(options.overrides);
  return collector;
}

/** The environment variable of an option: `OS_DEFAULT__HOST`. */
export function environmentVariable(group: string, option: string): string {
  return `OS_${group.toUpperCase()}__${option.toUpperCase()}`;
}

class Collector implements Collected {
  readonly settings: Settings = new Map();
  readonly warnings: string[] = [];
  readonly problems: ConfigProblem[];
  readonly #schema: Schema;
  readonly #names: OptionNames;

  constructor(schema: Schema, problems: ConfigProblem[]) {
    this.#schema = schema;
    this.#names = new OptionNames(schema);
    this.problems = problems;
    for (const [group, options] of Object.entries(schema)) {
      for (const [name, option] of Object.entries(options)) {
        this.settings.set(`${group}.${name}`, { value: option.default, source: { text: 'default' } });
      }
    }
  }

  addFile(file: string): void {
    const { assignments, problems, open } = readConfigFile(file);
    this.problems.push(...problems);
    const given: Settings = new Map();
    for (const { group, name, value, line } of assignments) {
      const source = { text: `${file}:${line}`, file, line };
      if (this.#names.presentName(`${group}.${name}`)) given.set(`${group}.${name}`, { value, source });
      else this.#warn(`${source.text}: ${unknownOption(this.#schema, group, name)}`);
    }
    this.#addPlace(given);
    if (open && assignments.some((assignment) => this.#holdsPassword(assignment))) {
      this.#warn(`${file}: it holds a password, and every user can read it: chmod 640 ${file}`);
    }
  }

  addEnvironment(env: NodeJS.ProcessEnv): void {
    const given: Settings = new Map();
    const known = new Set<string>();
    for (const path of this.#names.all()) {
      const variable = environmentVariable(...splitPath(path));
      known.add(variable);
      const value = env[variable];
      if (value !== undefined)
        given.set(path, { value, source: { text: `environment variable ${variable}` } });
    }
    this.#addPlace(given);
    // Other programs have OS_ variables, too; only one that begins with a group of ours is a misspelt option.
    const prefixes = Object.keys(this.#schema).map((group) => environmentVariable(group, ''));
    for (const variable of Object.keys(env)) {
      if (known.has(variable) || !prefixes.some((prefix) => variable.startsWith(prefix))) continue;
      this.#warn(`environment variable ${variable}: there is no such option; it is ignored`);
    }
  }

  addOverrides(overrides: SourceOptions['overrides']): void {
    for (const [path, given] of Object.entries(overrides)) {
      const { value, source }: Override = isOverride(given)
        ? given
        : { value: given, source: `override ${path}` };
      if (value === undefined) continue;
      if (this.settings.has(path)) this.settings.set(path, { value, source: { text: source } });
      else {
        const detail = unknownOption(this.#schema, ...splitPath(path));
        this.problems.push({ code: 'UNKNOWN_OPTION', source, detail });
      }
    }
  }

  /** Adds what one file or the environment says. In one place the present name is stronger than earlier ones. */
  #addPlace(given: Settings): void {
    for (const [name, setting] of given) {
      const present = this.#names.presentName(name) ?? name;
      const strongest = this.#names.namesOf(present).find((each) => given.has(each));
      if (name === strongest) this.settings.set(present, setting);
      if (name === present) continue;
      const ignored =
        name === strongest ? '' : `; it is ignored, since ${bracketed(`${strongest}`)} is set as well`;
      this.#warn(
        `${setting.source.text}: ${bracketed(name)} is deprecated, use ${bracketed(present)}${ignored}`,
      );
    }
  }

  #holdsPassword({ group, name, value }: Assignment): boolean {
    const present = this.#names.presentName(`${group}.${name}`);
    if (present === undefined) return false;
    const [presentGroup, presentName] = splitPath(present);
    return this.#schema[presentGroup]?.[presentName]?.secret === true && maskSecret(value) !== value;
  }

  // A file that is named twice is read twice, but needs to be warned of once.
  #warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }
}

function unknownOption(schema: Schema, group: string, name: string): string {
  return Object.hasOwn(schema, group)
    ? `there is no option [${group}] ${name}; it is ignored`
    : `there is no group [${group}]; its option ${name} is ignored`;
}
