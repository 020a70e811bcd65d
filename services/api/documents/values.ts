import type { Static } from 'typebox';

/** Values that several bodies have; limits are Nova's. */

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

/** Nova's words for yes and no. */
const YES = ['True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes'] as const;
const NO = ['False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no'] as const;

export const yesOrNo = { enum: [true, ...YES, false, ...NO] } as const;

export type YesOrNo = Static<typeof yesOrNo>;

export function isYes(flag: YesOrNo | undefined): boolean {
  return flag === true || YES.some((word) => word === flag);
}

const id = { type: 'string' } as const;

/** The parameters of a path. */
export const itemPath = { type: 'object', required: ['id'], properties: { id } } as const;
export const serverPath = itemPath;
export const portPath = {
  type: 'object',
  required: ['id', 'portId'],
  properties: { id, portId: id },
} as const;

/** Formats that a schema can name, beside those of AJV. */
export const formats = {
  /** Base 64 in one line or several. AJV's own format `byte` takes any text of which one line is base 64, or empty. */
  base64: (text: string) =>
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text.replace(/[ \t\r\n]+/g, '')),
} as const;

/** Texts by name; names as Nova allows them. */
export const metadata = {
  type: 'object',
  maxProperties: 128,
  propertyNames: { maxLength: 255, pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' },
  additionalProperties: { type: 'string', maxLength: 255 },
} as const;
