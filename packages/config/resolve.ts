import type { ConfigProblem } from './config-error.ts';
import { maskValue } from './mask.ts';
import type { Option, Schema } from './option.ts';
import type { Setting, Settings } from './setting.ts';
import { findReferences, substitute } from './template.ts';

/**
 * Turns settings into typed values: references are replaced, then texts are parsed. What an option's type
 * refuses goes to `problems` and has no value.
 */
export class Resolver {
  readonly problems: ConfigProblem[] = [];
  readonly #schema: Schema;
  readonly #settings: Settings;
  readonly #texts = new Map<string, string>();

  constructor(schema: Schema, settings: Settings) {
    this.#schema = schema;
    this.#settings = settings;
  }

  /** The value of an option, or undefined when it is refused. */
  resolve(group: string, name: string): unknown {
    const option = this.#schema[group]?.[name];
    const setting = this.#settings.get(`${group}.${name}`);
    if (!option || !setting) return undefined;
    if (typeof setting.value !== 'string') return setting.value;
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
      if (!target || [...path, self].includes(target.join('.'))) {
        const problem = target ? `$${reference} refers to itself` : `there is no option ${reference}`;
        return this.#report('UNKNOWN_REFERENCE', group, name, {
          detail: `${problem}; write $$ for a plain $`,
        });
      }
      const value = this.#textOf(target, [...path, self]);
      if (value === undefined) return undefined;
      values.set(reference, value);
    }
    const expanded = substitute(text, values);
    this.#texts.set(self, expanded);
    return expanded;
  }

  /** In the own group first, then as group.name, then in DEFAULT: as oslo.config does. */
  #lookUp(group: string, reference: string): [string, string] | undefined {
    const [head = '', tail] = reference.split('.', 2);
    const candidates: [string, string][] =
      tail === undefined
        ? [
            [group, head],
            ['DEFAULT', head],
          ]
        : [[head, tail]];
    return candidates.find(([g, name]) => this.#settings.has(`${g}.${name}`));
  }

  #textOf([group, name]: [string, string], path: readonly string[]): string | undefined {
    const setting = this.#settings.get(`${group}.${name}`);
    if (typeof setting?.value === 'string') return this.#expand(group, name, setting.value, path);
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
    if (!option || !setting) return undefined;
    const { text, ...place } = setting.source;
    const value = maskValue(option, writtenValue(option, setting));
    this.problems.push({ code, source: text, ...place, option: `[${group}] ${name}`, value, ...more });
    return undefined;
  }
}

function writtenValue(option: Option<unknown>, { value }: Setting): string {
  if (typeof value === 'string') return value;
  return option.type.accepts(value) ? option.type.format(value) : String(JSON.stringify(value));
}
