/** What became of the calls of one client, by call number. Times are milliseconds since the epoch. */
export interface CallRecords {
  sentAt: number[];
  /** Null: neither answered nor failed, long after its deadline. */
  settledAt: (number | null)[];
  /** `ok`, or the kind of its error. */
  outcomes: (string | null)[];
}

export const OK = 'ok';
/** The prefix of errors that tell the caller nothing. */
export const UNTYPED = 'untyped ';
