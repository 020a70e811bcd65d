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
}

/** Settings by `group.option`. */
export type Settings = Map<string, Setting>;
