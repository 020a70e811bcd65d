/** How an option's text becomes a value. */
export interface OptionType<T> {
  /** As the sample file shows it: `integer`, `boolean`, `list`. */
  readonly name: string;
  /** What is allowed, as the end of "must be …": `an integer from 0 to 65535`. */
  readonly allowed: string;
  /** The value of a text; undefined when the text does not have this type. */
  parse(text: string): T | undefined;
  /** Whether a value of whatever type is allowed: its type, range and choices. */
  accepts(value: unknown): boolean;
  /** The text that `parse` reads back. */
  format(value: T): string;
}

/** One option of one group. Tables of these are the schema, the sample file and the documentation. */
export interface Option<T> {
  readonly type: OptionType<T>;
  /** A text default may refer to other options as `$name` or `${group.name}`. */
  readonly default: T;
  /** Sentences for the sample file and the documentation. */
  readonly help: string;
  /** What a number counts: `seconds`, `MiB`. */
  readonly unit?: string;
  /** The value holds a password: errors, logs, reports and JSON show it masked. */
  readonly secret?: boolean;
  /** SIGHUP changes it in a running daemon; others are read at the start only. */
  readonly mutable?: boolean;
  /** Earlier names, which are still read: `name` in the same group, or `group.name`. */
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
