/** Where a command writes to, and what it reads from its surroundings. */
export interface ClientIo {
  /** Results. */
  out(text: string): void;
  /** Progress and errors. */
  err(text: string): void;
  /** Progress may overwrite its line. */
  readonly errIsTerminal: boolean;
  readonly env: Record<string, string | undefined>;
}
