/** Where a value came from, in words and in parts. */
export interface Source {
  /** `/etc/nova/nova.conf:12`, `environment variable OS_DEFAULT__HOST`, `--host`, `default`. */
  readonly text: string;
  readonly file?: string;
  readonly line?: number;
}

/** A value that somebody set, or a default, before it is checked. Texts are yet to be parsed. */
export interface Setting {
  readonly value: unknown;
  readonly source: Source;
  /** The value is checked and has no references; `secret` says whether it holds one. */
  readonly settled?: { readonly secret: boolean };
}

/** Settings by `group.option`. */
export type Settings = Map<string, Setting>;
