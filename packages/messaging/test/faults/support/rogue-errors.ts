/** Collects what would have ended a process: errors that nobody caught. */
export class RogueErrors {
  readonly #caught: string[] = [];

  constructor() {
    process.on('unhandledRejection', this.#onRejection);
    process.on('uncaughtExceptionMonitor', this.#onException);
  }

  /** Stops collecting. */
  take(): string[] {
    process.off('unhandledRejection', this.#onRejection);
    process.off('uncaughtExceptionMonitor', this.#onException);
    return this.#caught;
  }

  readonly #onRejection = (reason: unknown): void => {
    this.#caught.push(`unhandledRejection: ${describe(reason)}`);
  };

  readonly #onException = (error: unknown): void => {
    this.#caught.push(`uncaughtException: ${describe(error)}`);
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
