import type { ConfigProblem } from './config-error.ts';
import { maskSecret } from './mask.ts';
import type { Option, Schema } from './option.ts';
import { bracketed, OptionNames, splitPath } from './option-names.ts';
import type { Setting, Settings } from './setting.ts';
import { findReferences, substitute } from './template.ts';

/**
 * Turns settings into typed values: references are replaced, then texts are parsed. What an option's type
 * refuses goes to `problems` and has no value.
 */
export class Resolver {
  readonly problems: ConfigProblem[] = [];
  /** Options whose values hold secrets: those that are secret, and those that refer to one. */
  readonly secrets = new Set<string>();
  readonly #schema: Schema;
  readonly #names: OptionNames;
  readonly #settings: Settings;
  readonly #texts = new Map<string, string>();

  constructor(schema: Schema, settings: Settings) {
    this.#schema = schema;
    this.#names = new OptionNames(schema);
    this.#settings = settings;
    for (const path of settings.keys()) if (this.#isSecret(path)) this.secrets.add(path);
  }

  /** The value of an option, or undefined when it is refused. */
  resolve(group: string, name: string): unknown {
    const option = this.#schema[group]?.[name];
    const setting = this.#settings.get(`${group}.${name}`);
    if (!option || !setting) return undefined;
    if (setting.settled || typeof setting.value !== 'string') return setting.value;
    const text = this.#expand(group, name, setting.value, []);
    if (text === undefined) return undefined;
    const value: unknown = option.type.parse(text);
    if (value === undefined) this.refuse(group, name);
    return value;
  }

  /** Reports that an option's value is not allowed. */
  refuse(group: string, name: string): void {
    const option = this.#schema[group]?.[name];
    const allowed = option && (option.unit ? `${option.type.allowed} (${option.unit})` : option.type.allowed);
    this.#report('INVALID_VALUE', group, name, { allowed });
  }

  /** Replaces `$name`, `${name}` and `${group.name}`; `path` are the options being expanded, to notice loops. */
  #expand(group: string, name: string, text: string, path: readonly string[]): string | undefined {
    const self = `${group}.${name}`;
    const known = this.#texts.get(self);
    if (known !== undefined) return known;
    const values = new Map<string, string>();
    for (const reference of findReferences(text)) {
      const target = this.#lookUp(group, reference);
      if (target === undefined || [...path, self].includes(target)) {
        return this.#refuseReference(group, name, reference, target !== undefined);
      }
      const value = this.#textOf(target, [...path, self]);
      if (value === undefined) return undefined;
      if (this.secrets.has(target)) this.secrets.add(self);
      values.set(reference, value);
    }
    const expanded = substitute(text, values);
    this.#texts.set(self, expanded);
    return expanded;
  }

  /** In the own group first, then in DEFAULT, as oslo.config does; earlier names stand for the present ones. */
  #lookUp(group: string, reference: string): string | undefined {
    const candidates = reference.includes('.')
      ? [reference]
      : [`${group}.${reference}`, `DEFAULT.${reference}`];
    const known = candidates.find((name) => this.#names.presentName(name) !== undefined);
    return known === undefined ? undefined : this.#names.presentName(known);
  }

  // What follows a plain $ may be a part of a password.
  #refuseReference(group: string, name: string, reference: string, loop: boolean): undefined {
    const hidden = this.secrets.has(`${group}.${name}`);
    const problem = loop
      ? `${hidden ? 'it' : `$${reference}`} refers to itself`
      : `there is no option ${hidden ? 'of the name after the $' : reference}`;
    return this.#report('UNKNOWN_REFERENCE', group, name, { detail: `${problem}; write $$ for a plain $` });
  }

  #isSecret(path: string): boolean {
    const [group, name] = splitPath(path);
    return this.#schema[group]?.[name]?.secret === true || this.#settings.get(path)?.settled?.secret === true;
  }

  #textOf(target: string, path: readonly string[]): string | undefined {
    const [group, name] = splitPath(target);
    const setting = this.#settings.get(target);
    if (typeof setting?.value === 'string' && !setting.settled)
      return this.#expand(group, name, setting.value, path);
    return this.#schema[group]?.[name]?.type.format(setting?.value);
  }

  #report(
    code: ConfigProblem['code'],
    group: string,
    name: string,
    more: Pick<ConfigProblem, 'allowed' | 'detail'>,
  ): undefined {
    const option = this.#schema[group]?.[name];
    const setting = this.#settings.get(`${group}.${name}`);
    const title = bracketed(`${group}.${name}`);
    // Each option that refers to it expands it again.
    const isKnown = this.problems.some((problem) => problem.option === title);
    if (isKnown || !option || !setting) return undefined;
    const { text, ...place } = setting.source;
    const written = writtenValue(option, setting);
    const value = option.secret ? maskSecret(written) : withoutStraySecrets(written);
    this.problems.push({ code, source: text, ...place, option: title, value, ...more });
    return undefined;
  }
}

/** A password may have come to the wrong option: with a line that is indented by mistake, it continues the one above. */
function withoutStraySecrets(text: string): string {
  const [first = '', ...more] = text.split('\n');
  const shown = first.replace(/(:\/\/[^:@/\s]*):[^\s]*@/g, '$1:***@');
  return more.length === 0 ? shown : `${shown} … (${more.length + 1} lines)`;
}

function writtenValue(option: Option<unknown>, { value }: Setting): string {
  if (typeof value === 'string') return value;
  return option.type.accepts(value) ? option.type.format(value) : String(JSON.stringify(value));
}
