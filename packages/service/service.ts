import {
  type AccessPolicy,
  type Logger,
  type RPCServer,
  type Serializer,
  Target,
  type Transport,
} from '@mini-nova/messaging';
import { BaseRPCAPI } from './base-rpc-api.ts';
import { Heartbeat } from './heartbeat.ts';
import type { Launchable } from './launchable.ts';
import { createLogger } from './logging.ts';
import type { Manager } from './manager.ts';
import { PeriodicTasks } from './periodic-tasks.ts';
import { createRpc, type Rpc } from './rpc.ts';
import type { ServiceInfo, ServiceRecords } from './service-records.ts';
import { settlesWithin } from './timer.ts';

export interface ServiceOptions {
  /** The daemon: `nova-compute`. */
  binary: string;
  /** Requests to `topic` (shared with the other hosts), `topic.host` and all hosts of the topic are served. */
  topic: string;
  manager: Manager;
  /** The service's own: it is closed when the service stops. */
  transport: Transport;
  /** Default: the manager's host. */
  host?: string;
  /** Default: made of transport and serializer. */
  rpc?: Rpc;
  /** For RPC arguments and results, when there is no `rpc`. */
  serializer?: Serializer;
  /** Where the service registers; absent: nowhere. */
  records?: ServiceRecords;
  /** The version of the service's code in its record. Default 0. */
  version?: number;
  /** Seconds between two heartbeats. Default 10. */
  reportInterval?: number;
  /** Default true. */
  periodicEnable?: boolean;
  /** Seconds; periodic tasks begin after a random part of it. Default 60. */
  periodicFuzzyDelay?: number;
  /** Seconds a stopping service waits for running requests. Default 60. */
  gracefulShutdownTimeout?: number;
  /** Default: JSON lines to standard error. */
  logger?: Logger;
  /** Default `explicit`: what endpoints list in `rpcMethods` can be called. */
  accessPolicy?: AccessPolicy;
  /** Answers `oslo_rpc_server_ping` too, as oslo.messaging's `rpc_ping_enabled`. Default false. */
  rpcPingEnabled?: boolean;
  /** Closes what else the service owns (a database), last of all. */
  release?: () => Promise<void>;
}

/** `created -> starting -> running -> stopping -> stopped`; a start that fails goes through `stopping`, too. */
export type ServiceState = 'created' | 'starting' | 'running' | 'stopping' | 'stopped';

/** The service was stopped, before or while it was to start. It cannot be started again. */
export class ServiceStopped extends Error {
  override readonly name = 'ServiceStopped';
  readonly code = 'SERVICE_STOPPED';

  constructor(service: string) {
    super(`Service ${service} was stopped`);
  }
}

/** Periodic tasks come again after the next start, so a stopping service gives them little time, in seconds. */
const PERIODIC_TASK_GRACE = 3;

/**
 * A daemon's life: a manager's RPC methods on a topic, its periodic tasks and its service record.
 *
 * `start` runs, in this order: `manager.initHost`, `manager.preStartHook`, the service record, the RPC server,
 * `manager.postStartHook`, then periodic tasks and heartbeats. `stop` goes through intake (no new request,
 * task or heartbeat), drain (running requests end, within the graceful shutdown timeout),
 * `manager.cleanupHost`, and release (the transport is closed). A start that fails undoes what it did by the
 * same steps. Both are idempotent.
 */
export class Service implements Launchable {
  readonly name: string;
  readonly topic: string;
  readonly host: string;
  readonly manager: Manager;
  readonly #options: ServiceOptions;
  readonly #logger: Logger;
  readonly #server: RPCServer;
  readonly #periodicTasks: PeriodicTasks;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #stopRequested = new AbortController();
  readonly #whenStopped: (() => void)[] = [];
  #state: ServiceState = 'created';
  #initialized = false;
  #serving = false;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(options: ServiceOptions) {
    const { binary, topic, manager, transport } = options;
    this.#options = options;
    this.name = binary;
    this.topic = topic;
    this.manager = manager;
    this.host = options.host ?? manager.host;
    this.#logger = options.logger ?? createLogger({ name: binary });
    const rpc =
      options.rpc ?? createRpc(transport, options.serializer ? { serializer: options.serializer } : {});
    this.#server = rpc.getServer(
      new Target({ topic, server: this.host }),
      [manager, new BaseRPCAPI(manager.serviceName), ...manager.additionalEndpoints],
      { accessPolicy: options.accessPolicy ?? 'explicit', pingEnabled: options.rpcPingEnabled ?? false },
    );
    this.#periodicTasks = new PeriodicTasks(options.periodicEnable === false ? [] : manager.periodicTasks(), {
      fuzzyDelay: options.periodicFuzzyDelay ?? 60,
      logger: this.#logger,
    });
    this.#heartbeat = options.records && this.#createHeartbeat(options.records);
  }

  /** Opens nothing yet. */
  static create(options: ServiceOptions): Service {
    return new Service(options);
  }

  get state(): ServiceState {
    return this.#state;
  }

  /**
   * Resolves once requests are served.
   * @throws ServiceStopped when it is stopped meanwhile, or was before; otherwise what kept it from starting
   */
  start(): Promise<void> {
    if (!this.#started && this.#state === 'created') this.#started = this.#start();
    return this.#started ?? Promise.reject(new ServiceStopped(this.name));
  }

  /** Resolves once nothing of the service runs any more; rejects when something could not be closed. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** Resolves once the service has stopped, whoever stops it and however. */
  async wait(): Promise<void> {
    if (this.#state === 'stopped') return;
    await new Promise<void>((resolve) => this.#whenStopped.push(resolve));
  }

  async #start(): Promise<void> {
    this.#state = 'starting';
    try {
      await this.#runStartSteps();
    } catch (error) {
      await this.stop().catch(() => {
        // Logged where it happened; the caller is to hear why the start failed.
      });
      throw error;
    }
    this.#state = 'running';
    this.#logger.info({ host: this.host, topic: this.topic }, 'Service started');
  }

  async #runStartSteps(): Promise<void> {
    const { manager } = this;
    await this.#step(() => manager.initHost());
    this.#initialized = true;
    await this.#step(() => manager.preStartHook());
    await this.#step(async () => this.#options.records?.register(this.#info()));
    await this.#step(() => this.#server.start());
    this.#serving = true;
    await this.#step(() => manager.postStartHook());
    this.#periodicTasks.start();
    this.#heartbeat?.start();
  }

  /** A stop does not wait for a step, which may be waiting for a broker that is away; it is left to itself. */
  async #step(run: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopRequested;
    if (signal.aborted) throw new ServiceStopped(this.name);
    let onAbort = () => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(new ServiceStopped(this.name));
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      await Promise.race([run(), aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async #stop(): Promise<void> {
    this.#logger.info({ host: this.host, topic: this.topic }, 'Service stopping');
    this.#state = 'stopping';
    this.#stopRequested.abort();
    const errors: unknown[] = [];
    await this.#phase('intake', errors, () => this.#stopIntake());
    await this.#phase('drain', errors, () => this.#drain());
    if (this.#initialized) await this.#phase('cleanup', errors, () => this.manager.cleanupHost());
    await this.#phase('release', errors, () => this.#options.transport.close());
    await this.#phase('release', errors, async () => this.#options.release?.());
    this.#state = 'stopped';
    for (const resolve of this.#whenStopped.splice(0)) resolve();
    if (errors.length > 0) throw new AggregateError(errors, `Service ${this.name} did not stop cleanly`);
    this.#logger.info({ host: this.host, topic: this.topic }, 'Service stopped');
  }

  /** A phase that fails must not keep the next from running. */
  async #phase(phase: string, errors: unknown[], run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      this.#logger.error({ err: error, phase }, 'A service could not be stopped cleanly');
      errors.push(error);
    }
  }

  async #stopIntake(): Promise<void> {
    this.#heartbeat?.stop();
    this.#periodicTasks.stop();
    const stopped = this.#server.stop();
    // A driver that waits for its broker in spite of this goes with the transport.
    if (this.#serving) await stopped;
    else stopped.catch((error: unknown) => this.#logger.debug({ err: error }, 'The RPC server was not up'));
  }

  async #drain(): Promise<void> {
    const { gracefulShutdownTimeout = 60 } = this.#options;
    const requests = this.#serving ? this.#server.wait() : Promise.resolve();
    const [requestsDone, tasksDone] = await Promise.all([
      settlesWithin(requests, gracefulShutdownTimeout),
      settlesWithin(this.#periodicTasks.wait(), Math.min(PERIODIC_TASK_GRACE, gracefulShutdownTimeout)),
    ]);
    if (!requestsDone) {
      this.#logger.warn({ gracefulShutdownTimeout }, 'Requests were still running at the shutdown timeout');
    }
    if (!tasksDone) this.#logger.warn({}, 'Periodic tasks were still running at the stop');
  }

  #createHeartbeat(records: ServiceRecords): Heartbeat {
    const interval = this.#options.reportInterval ?? 10;
    return new Heartbeat({ records, info: this.#info(), interval, logger: this.#logger });
  }

  #info(): ServiceInfo {
    return { host: this.host, binary: this.name, topic: this.topic, version: this.#options.version ?? 0 };
  }
}
