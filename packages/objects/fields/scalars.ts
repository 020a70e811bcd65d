import { type Field, scalar } from './field.ts';

const decimal = /^\s*[+-]?\d+\s*$/;
const decimalFraction = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
const trueTexts = new Set(['1', 't', 'true', 'on', 'y', 'yes']);
const falseTexts = new Set(['0', 'f', 'false', 'off', 'n', 'no']);

/** A whole number that a double holds exactly; decimal text is accepted too. */
export function integer(): Field<number> {
  return scalar('an integer', (value) => {
    const number = typeof value === 'bigint' || isText(value, decimal) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isSafeInteger(number)) return undefined;
    return number === 0 ? 0 : number;
  });
}

/** A finite number; decimal text is accepted too. */
export function float(): Field<number> {
  return scalar('a number', (value) => {
    const number = isText(value, decimalFraction) ? Number(value) : value;
    return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
  });
}

/** Text. Numbers and booleans, which database drivers and JSON documents may carry instead, become text. */
export function string(): Field<string> {
  return scalar('a string', (value) => {
    if (typeof value === 'string') return value;
    if (typeof value === 'boolean' || typeof value === 'bigint') return String(value);
    return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
  });
}

/** true or false; 0 and 1 are accepted too, as databases have them. */
export function boolean(): Field<boolean> {
  return scalar('a boolean', readBoolean);
}

/** A boolean that may come as a word, as image properties do: `yes`, `On`, `0`. */
export function flexibleBoolean(): Field<boolean> {
  return scalar('a boolean or one of yes, no, true, false, on, off, 1, 0', (value) => {
    if (typeof value !== 'string') return readBoolean(value);
    const word = value.trim().toLowerCase();
    if (trueTexts.has(word)) return true;
    return falseTexts.has(word) ? false : undefined;
  });
}

function readBoolean(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 0 || value === 1) return value === 1;
  return undefined;
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}
