/** What a launcher runs: a `Service`, an HTTP server. */
export interface Launchable {
  /** For logs. */
  readonly name: string;
  /** Resolves once it works. When it rejects, everything it had opened is closed again. */
  start(): Promise<void>;
  /** Resolves once nothing of it runs any more. Idempotent; also while it starts, and before. */
  stop(): Promise<void>;
}
