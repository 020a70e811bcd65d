import { type ComposedSchema, composeSchema, type Schema } from '@mini-nova/config';

interface WithOptions {
  readonly options: Schema;
}

type OptionsOf<P extends readonly WithOptions[]> = {
  [I in keyof P]: P[I] extends { readonly options: infer S extends Schema } ? S : never;
};

/** The options of all filters, or of all weighers. @throws TypeError when two have one of the same name */
export function optionsOf<const P extends readonly WithOptions[]>(parts: P): ComposedSchema<OptionsOf<P>> {
  const all: readonly Schema[] = parts.map(({ options }) => options);
  return composeSchema(...all) as ComposedSchema<OptionsOf<P>>;
}
