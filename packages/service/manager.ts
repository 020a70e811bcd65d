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
  /** The APIs that it, and other objects on the same topic, serve. Nothing else of them can be called from outside. */
  readonly endpoints: readonly RpcEndpoint[] = [];
  /** What must work, besides the broker, for the service to be ready; a check may also make a remark. */
  readonly checks: ReadinessChecks = {};
  /** Figures shown among the daemon's metrics. */
  readonly figures: readonly Figure[] = [];

  #notifier: Notifier | undefined;
  #versionedNotifier: Notifier | undefined;

  constructor({ host, serviceName, notifier }: ManagerOptions) {
    this.host = host;
    this.serviceName = serviceName;
    this.#notifier = notifier;
  }

  /**
   * Notifies listeners of what has happened, as `<service name>.<host>`; before the manager is in a service, nobody.
   */
  get notifier(): Notifier {
    return this.#notifier ?? Notifier.disabled();
  }

  /** The same for notifications that are versioned objects, as `<binary>:<host>`. */
  get versionedNotifier(): Notifier {
    return this.#versionedNotifier ?? Notifier.disabled();
  }

  /** Called by the service that the manager becomes part of. */
  connect(notifier: Notifier, versionedNotifier: Notifier): void {
    this.#notifier ??= notifier;
    this.#versionedNotifier ??= versionedNotifier;
  }

  /** The manager's own part of the report. */
  report(): JsonObject {
    return {};
  }

  /** Called when the service is made, and at each `reset` for the tasks' spacings. */
  periodicTasks(): readonly PeriodicTask[] {
    return [];
  }

  /**
   * Runs first, before the service can be reached and before it has a record, to get the host's own state in order.
   * When it fails, the service does not start.
   */
  async initHost(): Promise<void> {}

  /**
   * Runs after `initHost`, before the service record is written and before the first request comes: for what others
   * must know before they send work.
   */
  async preStartHook(): Promise<void> {}

  /** Runs when requests are already served; periodic tasks and heartbeats start after it. */
  async postStartHook(): Promise<void> {}

  /**
   * Runs when the service stops, after the last request (or the graceful shutdown timeout), while RPC can still
   * be used; also when a start fails after `initHost` has run.
   */
  async cleanupHost(): Promise<void> {}

  /**
   * Called at SIGHUP, when options that can change while the service runs have changed: for those that are not read
   * where they are used.
   */
  async reset(): Promise<void> {}
}
