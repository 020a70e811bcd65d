import { randomUUID } from 'node:crypto';
import convict from 'convict';

/** What an option demands of its value, besides its type. */
export interface Limits {
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** The limit of a text, or of each item of a list. */
  readonly maxBytes?: number;
  readonly pattern?: RegExp;
  readonly check?: (text: string) => boolean;
}

/** One option of one group: a property of convict's schema, with what documents and live changes need to know. */
export interface Option<T> extends Limits {
  /** The name of a format added to convict. */
  readonly format: string;
  /** A text may refer to other options as `$name` or `${group.name}`. */
  readonly default: T;
  /** An empty text stands for null. */
  readonly nullable: boolean;
  /** Sentences for the sample file and the documentation. */
  readonly doc: string;
  /** The value holds a password: errors, logs, reports and JSON show it masked. */
  readonly sensitive: boolean;
  /** As documents show it: `integer`, `boolean`, `list`. */
  readonly type: string;
  /** What is allowed, as the end of "must be …": `an integer from 0 to 65535`. */
  readonly allowed: string;
  /** What a number counts: `seconds`, `MiB`. */
  readonly unit?: string;
  /** SIGHUP changes it in a running daemon; other options are read only at the start. */
  readonly mutable?: boolean;
  /** Earlier names that are still read: `name` in the same group, or `group.name`. */
  readonly deprecated?: readonly string[];
  /** What the sample file shows when the default depends on the machine. */
  readonly sampleDefault?: string;
}

export interface OptionGroup {
  readonly [option: string]: Option<unknown>;
}

/** All options by group; group `DEFAULT` is the one `$name` falls back to. */
export interface Schema {
  readonly [group: string]: OptionGroup;
}

type ValueOf<O> = O extends Option<infer T> ? T : never;

/** The values of a schema, frozen: `config.DEFAULT.host`. */
export type ConfigValues<S extends Schema> = {
  readonly [G in keyof S]: { readonly [O in keyof S[G]]: ValueOf<S[G][O]> };
};

/** `group.option`, for overrides and errors. */
export type OptionPath<S extends Schema> = {
  [G in keyof S & string]: `${G}.${keyof S[G] & string}`;
}[keyof S & string];

/** What every option constructor takes. `D` is the default's type: a null default makes the option nullable. */
interface Common<D> {
  default: D;
  help: string;
  secret?: boolean;
  mutable?: boolean;
  deprecated?: readonly string[];
  sampleDefault?: string;
}

type Range = Pick<Limits, 'min' | 'max'>;

type Value<T, D> = D extends null ? T | null : T;

/** How texts become values of a type. */
export interface OptionFormat {
  /** The value of a text; undefined when the text is not in this format. */
  parse(text: string): unknown;
  /** Whether a value of whatever type is allowed. */
  accepts(value: unknown, limits: Limits): boolean;
}

const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off'];

addFormat('string', {
  parse: (text) => text,
  accepts: isText,
});
addFormat('boolean', {
  parse(text) {
    const word = text.trim().toLowerCase();
    return TRUE.includes(word) || (FALSE.includes(word) ? false : undefined);
  },
  accepts: (value) => typeof value === 'boolean',
});
addFormat('integer', {
  parse: (text) => (/^\s*[+-]?\d+\s*$/.test(text) ? Number(text) : undefined),
  accepts: (value, limits) => Number.isSafeInteger(value) && isInRange(value, limits),
});
addFormat('number', {
  parse: (text) => (/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined),
  accepts: (value, limits) => Number.isFinite(value) && isInRange(value, limits),
});
addFormat('list', {
  parse(text) {
    const items = text.split(',').map((item) => item.trim());
    return items.at(-1) === '' ? items.slice(0, -1) : items;
  },
  accepts: (value, limits) =>
    Array.isArray(value) && value.every((item) => item !== '' && isText(item, limits)),
});

/**
 * Text. `choices` lists all allowed values; `pattern`, `check` and `maxBytes` with `allowed` (the end of "must be …")
 * check a syntax.
 */
export function string<D extends string | null>(
  options: Common<D> & Pick<Limits, 'choices' | 'pattern' | 'check' | 'maxBytes'> & { allowed?: string },
): Option<Value<string, D>> {
  const { choices } = options;
  const allowed = choices ? `${choices.length === 1 ? '' : 'one of '}${choices.join(', ')}` : 'a text';
  return option({ allowed, ...options, type: 'string' });
}

/** What an integer column of the databases holds. */
const INTEGER_MAX = 2 ** 31 - 1;

/** Node.js's timers count milliseconds in 31 bits; a longer one would fire at once. */
const SECONDS_MAX = Math.floor(INTEGER_MAX / 1000);

/** A whole number, of 32 bits unless `max` says otherwise. */
export function integer<D extends number | null>(
  options: Common<D> & Range & { unit?: string },
): Option<Value<number, D>> {
  const limits = { min: -INTEGER_MAX, max: INTEGER_MAX, ...options };
  return option({ ...limits, type: 'integer', allowed: `an integer${rangeText(limits)}` });
}

/** A number that may have a fraction. */
export function float<D extends number | null>(
  options: Common<D> & Range & { unit?: string },
): Option<Value<number, D>> {
  return option({ ...options, type: 'number', allowed: `a number${rangeText(options)}` });
}

/** A time span in seconds; fractions are allowed. Unless `max` says otherwise, at most 24 days. */
export function seconds<D extends number | null>(options: Common<D> & Range): Option<Value<number, D>> {
  return float({ min: 0, max: SECONDS_MAX, ...options, unit: 'seconds' });
}

/** A TCP port; 0 lets the system choose one. */
export function port<D extends number | null>(options: Common<D>): Option<Value<number, D>> {
  const limits = { min: 0, max: 65535 };
  return option(
    { ...options, ...limits, type: 'port', allowed: `a port${rangeText(limits)}` },
    formatName('integer'),
  );
}

/** True or false, in oslo.config's spellings. */
export function boolean<D extends boolean | null>(options: Common<D>): Option<Value<boolean, D>> {
  return option({
    ...options,
    type: 'boolean',
    allowed: 'a boolean (true, 1, yes, on, false, 0, no or off)',
  });
}

/** Comma-separated texts; blanks around each are dropped, and so is an empty last one. */
export function list(
  options: Common<readonly string[]> & Pick<Limits, 'choices' | 'maxBytes'>,
): Option<readonly string[]> {
  const { choices, maxBytes } = options;
  const size = maxBytes === undefined ? '' : `, each of at most ${maxBytes} bytes`;
  const items = choices ? `of ${choices.join(', ')}` : `without empty items${size}`;
  return option({ ...options, type: 'list', allowed: `a comma-separated list ${items}` });
}

/** An option with a format of its own, whatever formats of other options are called. */
export function custom<T>(
  options: Common<T> & OptionFormat & { name: string; type: string; allowed: string },
): Option<T> {
  const { name: title, parse, accepts, ...common } = options;
  // Convict's formats are one table for the whole process, whose last entry of a name counts.
  const name = `${title} ${randomUUID()}`;
  addFormat(name, { parse, accepts });
  return option(common, formatName(name));
}

/** A value as text that reads back as the same value. */
export function textOf({ type }: Option<unknown>, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (type === 'list' && Array.isArray(value)) return value.join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** Added twice: the second format takes an empty text for none, as oslo.config does. */
function addFormat(name: string, { parse, accepts }: OptionFormat): void {
  const coerce = (text: string): unknown => parse(text) ?? text;
  const validate = (value: unknown, option: convict.SchemaObj): void => {
    if (!accepts(value, option as Limits)) throw new TypeError(`must be ${String(option.allowed)}`);
  };
  convict.addFormat({ name: formatName(name), coerce, validate });
  convict.addFormat({
    name: orNone(formatName(name)),
    coerce: (text: string) => (text.trim() === '' ? null : coerce(text)),
    validate,
  });
}

// Convict has an `integer` of its own, which its other users in this process must keep.
function formatName(name: string): string {
  return `nova.conf ${name}`;
}

function orNone(format: string): string {
  return `${format} or none`;
}

// The compiler cannot follow that a null default and a nullable option go together.
function option<O>(
  { help, secret = false, ...others }: Common<unknown> & Limits & { type: string; allowed: string },
  format = formatName(others.type),
): O {
  const common = { ...others, doc: help, sensitive: secret, nullable: others.default === null };
  const whole: Option<unknown> = common.nullable
    ? { ...common, format: orNone(format), allowed: `${common.allowed}, or empty for none` }
    : { ...common, format };
  return whole as O;
}

function isText(value: unknown, { choices, pattern, check, maxBytes }: Limits): boolean {
  return (
    typeof value === 'string' &&
    (choices?.includes(value) ?? true) &&
    (pattern?.test(value) ?? true) &&
    (check?.(value) ?? true) &&
    Buffer.byteLength(value) <= (maxBytes ?? Infinity)
  );
}

function isInRange(value: unknown, { min = -Infinity, max = Infinity }: Range): boolean {
  return Number(value) >= min && Number(value) <= max;
}

function rangeText({ min, max }: Range): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return ` of at least ${min}`;
  return max === undefined ? '' : ` of at most ${max}`;
}
