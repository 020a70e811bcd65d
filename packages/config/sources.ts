import { maskSecret } from '@mini-nova/masking';
import type { ConfigProblem } from './config-error.ts';
import { type Assignment, readConfigFile } from './config-file.ts';
import { type ConfigSource, listConfigFiles } from './config-source.ts';
import type { Schema } from './option.ts';
import { bracketed, OptionNames, splitPath } from './schema.ts';

/** Where a value came from, as text and in parts. */
export interface Source {
  /** `/etc/nova/nova.conf:12`, `environment variable OS_DEFAULT__HOST`, `--host`, `default`. */
  readonly text: string;
  readonly file?: string;
  readonly line?: number;
}

/** A value as it was set. */
export interface Setting {
  readonly value: unknown;
  readonly source: Source;
  /** The value is checked and has no references; `secret` says whether it holds one. */
  readonly settled?: { readonly secret: boolean };
}

/** Settings by `group.option`, under present names. */
export type Settings = Map<string, Setting>;

/** What the sources say, each under present names. */
export interface Sources {
  readonly files: readonly Settings[];
  readonly environment: Settings;
  readonly overrides: Settings;
  readonly warnings: readonly string[];
  readonly problems: readonly ConfigProblem[];
}

export interface SourceOptions {
  configSources: readonly ConfigSource[];
  env: NodeJS.ProcessEnv;
  overrides: Readonly<Record<string, unknown>>;
}

/** A value from the strongest source, with the words that name it in errors: `--host`. */
export class Override {
  readonly value: unknown;
  readonly source: string;

  constructor(value: unknown, source: string) {
    this.value = value;
    this.source = source;
  }
}

/** The environment variable of an option: `OS_DEFAULT__HOST`. */
export function environmentVariable(group: string, option: string): string {
  return `OS_${group.toUpperCase()}__${option.toUpperCase()}`;
}

/** Reads all sources; convict decides which takes precedence. */
export function readSources(schema: Schema, { configSources, env, overrides }: SourceOptions): Sources {
  const { files, problems } = listConfigFiles(configSources);
  const reader = new SourceReader(schema, problems);
  return {
    files: files.map((file) => reader.readFile(file)),
    environment: reader.readEnvironment(env),
    overrides: reader.readOverrides(overrides),
    warnings: reader.warnings,
    problems,
  };
}

class SourceReader {
  readonly warnings: string[] = [];
  readonly #problems: ConfigProblem[];
  readonly #schema: Schema;
  readonly #names: OptionNames;

  constructor(schema: Schema, problems: ConfigProblem[]) {
    this.#schema = schema;
    this.#names = new OptionNames(schema);
    this.#problems = problems;
  }

  readFile(file: string): Settings {
    const { assignments, problems, open } = readConfigFile(file);
    this.#problems.push(...problems);
    const given: Settings = new Map();
    for (const { group, name, value, line } of assignments) {
      const source = { text: `${file}:${line}`, file, line };
      if (this.#names.presentName(`${group}.${name}`)) given.set(`${group}.${name}`, { value, source });
      else this.#warn(`${source.text}: ${unknownOption(this.#schema, group, name)}`);
    }
    const settings = this.#withPresentNames(given);
    if (open && assignments.some((assignment) => this.#holdsPassword(assignment))) {
      this.#warn(`${file}: it holds a password, and every user can read it: chmod 640 ${file}`);
    }
    return settings;
  }

  readEnvironment(env: NodeJS.ProcessEnv): Settings {
    const given: Settings = new Map();
    const known = new Set<string>();
    for (const path of this.#names.all()) {
      const variable = environmentVariable(...splitPath(path));
      known.add(variable);
      const value = env[variable];
      if (value !== undefined)
        given.set(path, { value, source: { text: `environment variable ${variable}` } });
    }
    const settings = this.#withPresentNames(given);
    // Other programs have OS_ variables too; only one that begins with one of our groups is a misspelt option.
    const prefixes = Object.keys(this.#schema).map((group) => environmentVariable(group, ''));
    for (const variable of Object.keys(env)) {
      if (known.has(variable) || !prefixes.some((prefix) => variable.startsWith(prefix))) continue;
      this.#warn(`environment variable ${variable}: there is no such option; it is ignored`);
    }
    return settings;
  }

  readOverrides(overrides: SourceOptions['overrides']): Settings {
    const settings: Settings = new Map();
    for (const [path, given] of Object.entries(overrides)) {
      const { value, source } =
        given instanceof Override ? given : { value: given, source: `override ${path}` };
      if (value === undefined) continue;
      if (this.#names.presentName(path) === path) settings.set(path, { value, source: { text: source } });
      else {
        const detail = unknownOption(this.#schema, ...splitPath(path));
        this.#problems.push({ code: 'UNKNOWN_OPTION', source, detail });
      }
    }
    return settings;
  }

  /** What one file, or the environment, says. Within one place the present name wins over earlier ones. */
  #withPresentNames(given: Settings): Settings {
    const settings: Settings = new Map();
    for (const [name, setting] of given) {
      const present = this.#names.presentName(name) ?? name;
      const strongest = this.#names.namesOf(present).find((each) => given.has(each));
      if (name === strongest) settings.set(present, setting);
      if (name === present) continue;
      const ignored =
        name === strongest ? '' : `; it is ignored, since ${bracketed(`${strongest}`)} is set as well`;
      this.#warn(
        `${setting.source.text}: ${bracketed(name)} is deprecated, use ${bracketed(present)}${ignored}`,
      );
    }
    return settings;
  }

  #holdsPassword({ group, name, value }: Assignment): boolean {
    const present = this.#names.presentName(`${group}.${name}`);
    if (present === undefined) return false;
    const [presentGroup, presentName] = splitPath(present);
    return this.#schema[presentGroup]?.[presentName]?.sensitive === true && maskSecret(value) !== value;
  }

  // A file that is named twice is read twice, but one warning is enough.
  #warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }
}

function unknownOption(schema: Schema, group: string, name: string): string {
  return Object.hasOwn(schema, group)
    ? `there is no option [${group}] ${name}; it is ignored`
    : `there is no group [${group}]; its option ${name} is ignored`;
}
