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

export const processIo: ClientIo = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  errIsTerminal: process.stderr.isTTY === true,
  env: process.env,
};
