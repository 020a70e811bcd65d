/**
 * Bodies and answers are JSON schemas. TypeBox derives their TypeScript types, `Static<typeof …>`; none of its code is
 * loaded for that.
 */
type Properties = Readonly<Record<string, object>>;

/** The members of a union as a tuple, in some order: `Static` reads the required names only from a tuple. */
type Members<Union, Last = LastOf<Union>> = [Union] extends [never]
  ? []
  : [...Members<Exclude<Union, Last>>, Last];

type LastOf<Union> = Overloads<Union> extends (value: infer Last) => void ? Last : never;

type Overloads<Union> = (Union extends unknown ? (overload: (value: Union) => void) => void : never) extends (
  overloads: infer Functions,
) => void
  ? Functions
  : never;

export interface ObjectSchema<P extends Properties, Optional extends string> {
  readonly type: 'object';
  readonly required: Members<Exclude<keyof P, Optional>>;
  readonly properties: P;
  readonly additionalProperties: false;
}

/** An object that has these properties, each but the `optional` ones, and no others. */
export function object<const P extends Properties, const Optional extends keyof P & string = never>(
  properties: P,
  options?: { optional?: readonly Optional[] },
): ObjectSchema<P, Optional>;
export function object(
  properties: Properties,
  { optional = [] }: { optional?: readonly string[] } = {},
): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: 'object', required, properties, additionalProperties: false };
}

export function array<const Items extends object>(
  items: Items,
): { readonly type: 'array'; readonly items: Items } {
  return { type: 'array', items };
}

export const text = { type: 'string' } as const;
export const textOrNull = { type: ['string', 'null'] } as const;
export const integer = { type: 'integer' } as const;
export const integerOrNull = { type: ['integer', 'null'] } as const;
export const flag = { type: 'boolean' } as const;
export const nothing = { type: 'null' } as const;
/** Texts by name. */
export const texts = { type: 'object', additionalProperties: text } as const;

/** One of these words. */
export function word<const Words extends readonly string[]>(
  ...words: Words
): { readonly type: 'string'; readonly enum: Words } {
  return { type: 'string', enum: words };
}

/** `schema`, with a description for people. */
export function described<const S extends object>(description: string, schema: S): S {
  return { ...schema, description };
}
