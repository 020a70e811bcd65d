import type { Option, Schema } from './option.ts';

/** All names of the options of a schema, earlier ones as well, each as `group.option`. */
export class OptionNames {
  /** The present name by each name. */
  readonly #present = new Map<string, string>();
  readonly #names = new Map<string, readonly string[]>();

  constructor(schema: Schema) {
    for (const [group, options] of Object.entries(schema)) {
      for (const [name, option] of Object.entries(options)) {
        const present = `${group}.${name}`;
        const names = [present, ...earlierNames(group, option)];
        this.#names.set(present, names);
        for (const each of names) this.#present.set(each, present);
      }
    }
  }

  all(): Iterable<string> {
    return this.#present.keys();
  }

  /** The name of today of an option; undefined when there is none of that name. */
  presentName(name: string): string | undefined {
    return this.#present.get(name);
  }

  /** The present name, then the earlier ones: of several that are set in one place the first counts. */
  namesOf(present: string): readonly string[] {
    return this.#names.get(present) ?? [];
  }
}

/** The earlier names of an option as `group.option`. */
export function earlierNames(group: string, { deprecated = [] }: Schema[string][string]): string[] {
  return deprecated.map((name) => (name.includes('.') ? name : `${group}.${name}`));
}

/** The two parts of `group.option`. */
export function splitPath(path: string): [group: string, name: string] {
  const [group = '', name = ''] = path.split('.', 2);
  return [group, name];
}

export function optionAt(schema: Schema, path: string): Option<unknown> | undefined {
  const [group, name] = splitPath(path);
  return schema[group]?.[name];
}

/** `[group] option`, as messages and documents name an option. */
export function bracketed(name: string): string {
  const [group, option] = splitPath(name);
  return `[${group}] ${option}`;
}
