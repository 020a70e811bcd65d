import type { Option, OptionType } from './option.ts';

/** What every option constructor takes. `D` is the default's type: a null default makes the option nullable. */
interface Common<D> {
  default: D;
  help: string;
  secret?: boolean;
  mutable?: boolean;
  deprecated?: readonly string[];
  sampleDefault?: string;
}

interface Range {
  min?: number;
  max?: number;
}

type Value<T, D> = D extends null ? T | null : T;

/**
 * Text. `choices` lists all allowed values; `pattern` and `check` with `allowed` (the end of "must be …") check a syntax.
 */
export function string<D extends string | null>(
  options: Common<D> & {
    choices?: readonly string[];
    pattern?: RegExp;
    check?: (text: string) => boolean;
    allowed?: string;
  },
): Option<Value<string, D>> {
  const { choices, pattern, check, allowed, ...common } = options;
  return option(common, {
    name: 'string',
    allowed: choices ? oneOf(choices) : (allowed ?? 'a text'),
    parse: (text) => text,
    accepts: (value) =>
      typeof value === 'string' &&
      (choices?.includes(value) ?? true) &&
      (pattern?.test(value) ?? true) &&
      (check?.(value) ?? true),
    format: (value) => value,
  });
}

/** Whether a name fits where bytes are counted. */
export function isShort(text: string, bytes: number): boolean {
  return Buffer.byteLength(text) <= bytes;
}

/** What an integer column of the databases holds. */
const INTEGER_MAX = 2 ** 31 - 1;

/** Node.js's timers count milliseconds in 31 bits; a longer one would fire at once. */
const SECONDS_MAX = Math.floor(INTEGER_MAX / 1000);

/** A whole number: unless `max` says otherwise, of 32 bits. */
export function integer<D extends number | null>(
  options: Common<D> & Range & { unit?: string },
): Option<Value<number, D>> {
  const { min = -INTEGER_MAX, max = INTEGER_MAX, ...common } = options;
  return option(common, numeric('integer', 'an integer', { min, max }));
}

/** A number that may have a fraction. */
export function float<D extends number | null>(
  options: Common<D> & Range & { unit?: string },
): Option<Value<number, D>> {
  const { min, max, ...common } = options;
  return option(common, numeric('number', 'a number', { min, max }));
}

/** A time span in seconds; fractions are allowed. Unless `max` says otherwise, at most 24 days. */
export function seconds<D extends number | null>(options: Common<D> & Range): Option<Value<number, D>> {
  const { min = 0, max = SECONDS_MAX, ...common } = options;
  return option({ ...common, unit: 'seconds' }, numeric('number', 'a number', { min, max }));
}

/** A TCP port; 0 lets the system choose one. */
export function port<D extends number | null>(options: Common<D>): Option<Value<number, D>> {
  return option(options, { ...numeric('integer', 'a port', { min: 0, max: 65535 }), name: 'port' });
}

const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off'];

/** True or false, in oslo.config's spellings. */
export function boolean<D extends boolean | null>(options: Common<D>): Option<Value<boolean, D>> {
  return option(options, {
    name: 'boolean',
    allowed: 'a boolean (true, 1, yes, on, false, 0, no or off)',
    parse(text) {
      const word = text.trim().toLowerCase();
      if (TRUE.includes(word)) return true;
      return FALSE.includes(word) ? false : undefined;
    },
    accepts: (value) => typeof value === 'boolean',
    format: String,
  });
}

/** Comma-separated texts; blanks around each are dropped, and so is an empty last one. `maxBytes` is the most that each may have. */
export function list(
  options: Common<readonly string[]> & { choices?: readonly string[]; maxBytes?: number },
): Option<readonly string[]> {
  const { choices, maxBytes, ...common } = options;
  const isItem = (item: unknown): boolean =>
    typeof item === 'string' &&
    item !== '' &&
    (choices?.includes(item) ?? true) &&
    (maxBytes === undefined || isShort(item, maxBytes));
  const type: OptionType<readonly string[]> = {
    name: 'list',
    allowed: choices
      ? `a comma-separated list of ${choices.join(', ')}`
      : `a comma-separated list without empty items${maxBytes === undefined ? '' : `, each of at most ${maxBytes} bytes`}`,
    parse: parseList,
    accepts: (value) => Array.isArray(value) && value.every(isItem),
    format: (value) => value.join(','),
  };
  return { ...common, type };
}

/** An option of a type of its own. */
export function custom<T>(options: Common<T> & { type: OptionType<T> }): Option<T> {
  return options;
}

function option<T, D extends T | null>(
  common: Common<D> & { unit?: string },
  type: OptionType<T>,
): Option<Value<T, D>> {
  // The compiler cannot follow that a null default and a nullable type go together.
  return { ...common, type: common.default === null ? nullable(type) : type } as Option<unknown> as Option<
    Value<T, D>
  >;
}

/** An empty text stands for null, as in oslo.config. */
function nullable<T>(type: OptionType<T>): OptionType<T | null> {
  return {
    name: type.name,
    allowed: `${type.allowed}, or empty for none`,
    parse: (text) => (text.trim() === '' ? null : type.parse(text)),
    accepts: (value) => value === null || type.accepts(value),
    format: (value) => (value === null ? '' : type.format(value)),
  };
}

function numeric(name: 'integer' | 'number', noun: string, { min, max }: Range): OptionType<number> {
  const syntax = name === 'integer' ? /^[+-]?\d+$/ : /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
  return {
    name,
    allowed: noun + rangeText({ min, max }),
    parse: (text) => (syntax.test(text.trim()) ? Number(text) : undefined),
    accepts: (value) =>
      typeof value === 'number' &&
      (name === 'integer' ? Number.isSafeInteger(value) : Number.isFinite(value)) &&
      value >= (min ?? -Infinity) &&
      value <= (max ?? Infinity),
    format: String,
  };
}

function rangeText({ min, max }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}

function parseList(text: string): string[] {
  const items = text.split(',').map((item) => item.trim());
  if (items.at(-1) === '') items.pop();
  return items;
}

function oneOf(choices: readonly string[]): string {
  return choices.length === 1 ? `${choices[0]}` : `one of ${choices.join(', ')}`;
}
