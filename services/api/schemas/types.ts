/** JSON schemas shared by several requests; limits are Nova's. */

/** A name or a label: printable, without blanks at its ends. */
export const name = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  pattern: '^(?! )[^\\p{Cc}\\p{Zl}\\p{Zp}]*(?<! )$',
} as const;

export const uuid = { type: 'string', format: 'uuid' } as const;

/** The id, or a URL that ends with it. */
export const reference = { type: 'string', minLength: 1, maxLength: 2048 } as const;

export const ipv4 = { type: 'string', format: 'ipv4' } as const;

export const boolean = { type: 'boolean' } as const;

/** Texts by name; names as Nova allows them. */
export const metadata = {
  type: 'object',
  maxProperties: 128,
  propertyNames: { maxLength: 255, pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' },
  additionalProperties: { type: 'string', maxLength: 255 },
} as const;

/** A whole number in a query. */
export const digits = { type: 'string', pattern: '^[0-9]{1,10}$' } as const;

/** One value, or the parameter repeated. */
export const texts = {
  anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
} as const;
