import type { JsonObject, RpcEndpoint } from '@mini-nova/messaging';
import { Notifier } from '@mini-nova/messaging/notifications';
import type { Figure } from './figure.ts';
import type { ReadinessChecks } from './launch/launchable.ts';
import type { PeriodicTask } from './periodic-tasks.ts';

export interface ManagerOptions {
  /** Name of the host the service runs on. */
  host: string;
  /** `compute`, `conductor`: what `ping` answers. */
  serviceName: string;
  /** Default: its service's. */
  notifier?: Notifier;
}

/**
 * The work of a service: its RPC methods, its periodic tasks, and hooks into its life cycle. A subclass says which APIs
 * it serves:
 *
 *     class EchoManager extends Manager implements EndpointOf<typeof echoRpc, RequestContext> {
 *       override readonly endpoints = [endpoint(echoRpc, this)];
 */
export class Manager {
  readonly host: string;
  readonly serviceName: string;
  /** What it, and other objects on the same topic, serve. Nothing else of them can be called from outside. */
  readonly endpoints: readonly RpcEndpoint[] = [];
  /** What must work, beside the broker, for the service to be ready; and what it wants to say though it is. */
  readonly checks: ReadinessChecks = {};
  /** Shown among the daemon's metrics. */
  readonly figures: readonly Figure[] = [];

  #notifier: Notifier | undefined;
  #versionedNotifier: Notifier | undefined;

  constructor({ host, serviceName, notifier }: ManagerOptions) {
    this.host = host;
    this.serviceName = serviceName;
    this.#notifier = notifier;
  }

  /** Tells whoever listens what has happened, as `<service name>.<host>`; nobody before the manager is in a service. */
  get notifier(): Notifier {
    return this.#notifier ?? Notifier.disabled();
  }

  /** The same for notifications that are versioned objects, as `<binary>:<host>`. */
  get versionedNotifier(): Notifier {
    return this.#versionedNotifier ?? Notifier.disabled();
  }

  /** By the service that the manager is made part of. */
  connect(notifier: Notifier, versionedNotifier: Notifier): void {
    this.#notifier ??= notifier;
    this.#versionedNotifier ??= versionedNotifier;
  }

  /** What it has to say of its own, for the report. */
  report(): JsonObject {
    return {};
  }

  /** Asked when the service is made, and at each `reset`, for their spacings. */
  periodicTasks(): readonly PeriodicTask[] {
    return [];
  }

  /**
   * Runs first, before the service can be reached and before it has a record: for getting the host's own state
   * in order. When it fails, the service does not start.
   */
  async initHost(): Promise<void> {}

  /**
   * Runs after `initHost`, before the service record is written and before the first request comes: for what
   * must be known to others before they send work.
   */
  async preStartHook(): Promise<void> {}

  /** Runs when requests are already served; periodic tasks and heartbeats start after it. */
  async postStartHook(): Promise<void> {}

  /**
   * Runs when the service stops, after the last request (or the graceful shutdown timeout), while RPC can still
   * be used; also when a start fails after `initHost` has run.
   */
  async cleanupHost(): Promise<void> {}

  /** Options that can change while the service runs have changed (SIGHUP): for what is not read where it is used. */
  async reset(): Promise<void> {}
}
