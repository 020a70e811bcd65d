import type { ConfigValues, Option, OptionGroup, Schema } from './option.ts';

/** A schema of several parts, whose groups have the options of all parts. */
export type ComposedSchema<P extends readonly Schema[]> = P extends readonly [
  infer First extends Schema,
  ...infer Others extends readonly Schema[],
]
  ? First & ComposedSchema<Others>
  : unknown;

/**
 * One schema of the options of several owners: DEFAULT first, then the groups by name.
 *
 * @throws TypeError when two have an option of the same group and name, or when an earlier name is that of another
 */
export function composeSchema<const P extends readonly Schema[]>(...parts: P): ComposedSchema<P> {
  const groups = new Set(['DEFAULT', ...parts.flatMap((part) => Object.keys(part)).sort()]);
  const composed: Record<string, OptionGroup> = {};
  for (const group of groups) composed[group] = Object.assign({}, ...parts.map((part) => part[group]));
  refuseDuplicates(parts);
  return composed as ComposedSchema<P>;
}

interface WithOptions {
  readonly options: Schema;
}

type OptionsOf<P extends readonly WithOptions[]> = {
  [I in keyof P]: P[I] extends { readonly options: infer S extends Schema } ? S : never;
};

/** The options of all plug-ins of a kind. @throws TypeError when two have one of the same name */
export function optionsOf<const P extends readonly WithOptions[]>(plugIns: P): ComposedSchema<OptionsOf<P>> {
  const all: readonly Schema[] = plugIns.map(({ options }) => options);
  return composeSchema(...all) as ComposedSchema<OptionsOf<P>>;
}

/** What the options are when nothing is configured. A `$reference` in a default stays as it is. */
export function defaultValues<S extends Schema>(schema: S): ConfigValues<S> {
  const groups = Object.entries<OptionGroup>(schema).map(([group, options]) => {
    const values = Object.entries(options).map(([name, option]) => [name, option.default]);
    return [group, Object.fromEntries(values)];
  });
  return Object.fromEntries(groups);
}

function refuseDuplicates(parts: readonly Schema[]): void {
  const seen = new Set<string>();
  for (const name of parts.flatMap((part) => new OptionNames(part).each())) {
    if (seen.has(name)) throw new TypeError(`Two options are named ${bracketed(name)}`);
    seen.add(name);
  }
}

/** All names of a schema's options, earlier ones included, each as `group.option`. */
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

  /** As `all`, but with a name repeated as often as it is given. */
  each(): string[] {
    return [...this.#names.values()].flat();
  }

  /** An option's present name; undefined when there is no option of that name. */
  presentName(name: string): string | undefined {
    return this.#present.get(name);
  }

  /** The present name, then the earlier ones: if several are set in one place, the first counts. */
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
