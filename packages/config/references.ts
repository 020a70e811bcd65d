import { type Schema, textOf } from './option.ts';
import { type OptionNames, optionAt, splitPath } from './schema.ts';
import type { Settings } from './sources.ts';

// A name is `option` or `group.option`; `$$` and `\$` are a plain dollar.
const TOKEN = /\\\$|\$(?:(\$)|([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)?)|\{([a-z_][a-z0-9_]*(?:\.[a-z0-9_]+)?)\})/gi;

/** The references between settings: `$name`, `${name}` and `${group.name}`. */
export class References {
  /** Options whose values hold secrets: those that are secret, and those that refer to one. */
  readonly secrets = new Set<string>();
  /** What is wrong with the references of an option, by its path. */
  readonly refused = new Map<string, string>();
  readonly #schema: Schema;
  readonly #names: OptionNames;
  readonly #settings: Settings;
  readonly #texts = new Map<string, string>();

  constructor(schema: Schema, names: OptionNames, settings: Settings) {
    this.#schema = schema;
    this.#names = names;
    this.#settings = settings;
    for (const [path, { settled }] of settings) {
      if (optionAt(schema, path)?.sensitive || settled?.secret) this.secrets.add(path);
    }
  }

  /** A setting's text with its references replaced by other settings' texts; undefined when that is impossible. */
  expand(path: string, text: string, within: readonly string[] = []): string | undefined {
    const expanded = this.#texts.get(path) ?? this.#replace(path, text, [...within, path]);
    if (expanded !== undefined) this.#texts.set(path, expanded);
    return expanded;
  }

  #replace(path: string, text: string, within: readonly string[]): string | undefined {
    const values = new Map<string, string>();
    for (const reference of referencesIn(text)) {
      const target = this.#lookUp(path, reference);
      if (target === undefined || within.includes(target)) {
        this.#refuse(path, reference, target !== undefined);
        return undefined;
      }
      const value = this.#textAt(target, within);
      if (value === undefined) return undefined;
      if (this.secrets.has(target)) this.secrets.add(path);
      values.set(reference, value);
    }
    return text.replace(TOKEN, (_token, _dollar, plain?: string, braced?: string) => {
      const name = plain ?? braced;
      return name === undefined ? '$' : (values.get(name) ?? '');
    });
  }

  /**
   * Looks in the option's own group first, then in DEFAULT, as oslo.config does; earlier names stand for present ones.
   */
  #lookUp(path: string, reference: string): string | undefined {
    const [group] = splitPath(path);
    const names = reference.includes('.') ? [reference] : [`${group}.${reference}`, `DEFAULT.${reference}`];
    return names.map((name) => this.#names.presentName(name)).find((name) => name !== undefined);
  }

  #textAt(path: string, within: readonly string[]): string | undefined {
    const { value, settled } = this.#settings.get(path) ?? {};
    if (typeof value === 'string' && !settled) return this.expand(path, value, within);
    const option = optionAt(this.#schema, path);
    return option && textOf(option, value);
  }

  // What follows a plain $ may be part of a password.
  #refuse(path: string, reference: string, loop: boolean): void {
    const hidden = this.secrets.has(path);
    const problem = loop
      ? `${hidden ? 'it' : `$${reference}`} refers to itself`
      : `there is no option ${hidden ? 'of the name after the $' : reference}`;
    this.refused.set(path, `${problem}; write $$ for a plain $`);
  }
}

/** The options a text refers to, as written: `state_path`, `DEFAULT.host`. */
function referencesIn(text: string): string[] {
  const names = [...text.matchAll(TOKEN)].map(([, , plain, braced]) => plain ?? braced);
  return [...new Set(names.filter((name) => name !== undefined))];
}
