import type { JsonObject } from '@mini-nova/messaging';

/** How something stops. */
export interface StopOptions {
  /** Whether running work is cut at once. Default false: it is waited for, up to the graceful shutdown timeout. */
  quick?: boolean;
  /** Another process takes this one's place at once, or has taken it: the service record stays up. Default false. */
  replaced?: boolean;
}

/** A remark about something that is ready all the same; undefined when there is none. */
export type Remark = string | undefined;

/** Throws, or rejects, with the reason why something is not ready. */
export type ReadinessCheck = (() => void | Promise<void>) | (() => Remark | Promise<Remark>);

/** By name. */
export type ReadinessChecks = Readonly<Record<string, ReadinessCheck>>;

/** What a launcher runs: a `Service`, an HTTP server. */
export interface Launchable {
  /** For logs. */
  readonly name: string;
  /** Resolves once it works. When it rejects, everything it had opened is closed again. */
  start(): Promise<void>;
  /**
   * Resolves once nothing of it runs any more, and rejects when it could not stop in order. Idempotent; also while
   * it starts, and before.
   */
  stop(options?: StopOptions): Promise<void>;
  /** Called when options that can change while it runs have changed. */
  reset?(): void | Promise<void>;
  /** Whether it can do its work. */
  readonly checks?: ReadinessChecks;
  /** What it is doing at the moment, for the report. */
  report?(): JsonObject;
}
