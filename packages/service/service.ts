import {
  endpoint,
  type JsonObject,
  type Logger,
  type Serializer,
  Target,
  type Transport,
} from '@mini-nova/messaging';
import { BaseRPCAPI, baseRpc } from './base-rpc-api.ts';
import type { FigureObserver } from './figure.ts';
import { Heartbeat } from './heartbeat.ts';
import { type CutRequest, type Intake, RpcIntake } from './intake.ts';
import type { Launchable, ReadinessChecks, StopOptions } from './launch/launchable.ts';
import { createLogger } from './logging.ts';
import type { Manager } from './manager.ts';
import { PeriodicTasks, type TaskObserver } from './periodic-tasks.ts';
import { activityRecord } from './report/activity-record.ts';
import { createRpc, type NotificationWays, type Rpc } from './rpc.ts';
import type { ServiceInfo, ServiceRecords } from './service-records.ts';
import { current, type Setting } from './setting.ts';
import { settlesWithin } from './timer.ts';

export interface ServiceOptions {
  /** The daemon: `nova-compute`. */
  binary: string;
  /** Requests to `topic` (shared with the other hosts), `topic.host` and all hosts of the topic are served. */
  topic: string;
  /** How requests come. Default: by RPC, to the topic. */
  intake?: Intake;
  manager: Manager;
  /** Owned by the service: it is closed when the service stops. */
  transport: Transport;
  /** Default: the manager's host. */
  host?: string;
  /** Default: made from transport and serializer. */
  rpc?: Rpc;
  /** For RPC arguments and results, when there is no `rpc`. */
  serializer?: Serializer;
  /** How the manager's notifier sends. Default: not at all. */
  notifications?: NotificationOptions;
  /** Where the service registers; absent: nowhere. */
  records?: ServiceRecords;
  /** The version of the service's code in its record. Default 0. */
  version?: number;
  /** Seconds between two heartbeats. Default 10. */
  reportInterval?: Setting<number>;
  /** Seconds without a heartbeat after which the service is not ready. Default 60. */
  serviceDownTime?: Setting<number>;
  /** Default true. */
  periodicEnable?: boolean;
  /** Seconds; periodic tasks begin after a random part of it. Default 60. */
  periodicFuzzyDelay?: number;
  /** Whether to run the periodic tasks that another process could run for all. Default true. */
  runExternalPeriodicTasks?: boolean;
  /** Seconds a stopping service waits for running requests. Default 60. */
  gracefulShutdownTimeout?: Setting<number>;
  /** Default: JSON lines to standard error. */
  logger?: Logger;
  /** Whether it answers `oslo_rpc_server_ping` too, like oslo.messaging's `rpc_ping_enabled`. Default false. */
  rpcPingEnabled?: boolean;
  /** What `get_backdoor_port` answers. Default: null. */
  backdoorPort?: () => number | null;
  /** What must work, besides the broker, for the service to be ready: a database. */
  checks?: ReadinessChecks;
  /** Called for each run of a periodic task. */
  onTaskRun?: TaskObserver;
  /** Called at each heartbeat. */
  onHeartbeat?: (at: Date, clockSkew: number | null) => void;
  /** Called with the manager's figures. */
  onFigures?: FigureObserver;
  /** Closes what else the service owns (a database), last of all. */
  release?: () => Promise<void>;
}

export interface NotificationOptions extends NotificationWays {
  /** Makes a transport only for notifications; the service closes it. Default: they use the service's. */
  openTransport?: (name: string, logger: Logger) => Transport;
}

/** `created -> starting -> running -> draining -> stopped`; a start that fails goes through `draining` too. */
export type ServiceState = 'created' | 'starting' | 'running' | 'draining' | 'stopped';

/** The service was stopped before or during its start. It cannot be started again. */
export class ServiceStopped extends Error {
  override readonly name = 'ServiceStopped';
  readonly code = 'SERVICE_STOPPED';

  constructor(service: string) {
    super(`Service ${service} was stopped`);
  }
}

/** Requests were still running when the graceful shutdown timeout was over. */
export class ShutdownTimeout extends Error {
  override readonly name = 'ShutdownTimeout';
  readonly code = 'SHUTDOWN_TIMEOUT';
  /** Their methods. */
  readonly methods: readonly string[];

  constructor(methods: readonly string[], seconds: number) {
    super(`After ${seconds} s there still ran: ${methods.join(', ')}`);
    this.methods = methods;
  }
}

/** Seconds that a stopping service gives its periodic tasks: few, because they run again after the next start. */
const PERIODIC_TASK_GRACE = 3;
/**
 * Seconds in which the broker must answer for the service to be ready: less than readiness checks wait for a reason.
 */
const BROKER_TIMEOUT = 1;
/** Seconds that an overdue stop, or a quick one, waits for what remains to be done. */
const HURRIED_PHASE = 1;

/**
 * A daemon's life: a manager's RPC methods on a topic, its periodic tasks and its service record.
 *
 * `start` runs, in this order: `manager.initHost`, `manager.preStartHook`, the service record, the RPC server (or another
 * `intake`, whose `open` is before the record), `manager.postStartHook`, then periodic tasks and heartbeats. `stop` goes through intake (no new request,
 * task or heartbeat), drain (the record says that the service stops; running requests end, or are cut when the graceful
 * shutdown timeout is over), `manager.cleanupHost`, and release (the transport is closed). A start that fails undoes
 * what it did by the same steps. Both are idempotent.
 */
export class Service implements Launchable {
  readonly name: string;
  readonly topic: string;
  readonly host: string;
  readonly manager: Manager;
  readonly checks: ReadinessChecks;
  readonly #options: ServiceOptions;
  readonly #logger: Logger;
  readonly #intake: Intake;
  #notificationTransport: Transport | undefined;
  readonly #periodicTasks: PeriodicTasks;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #stopRequested = new AbortController();
  readonly #whenStopped: (() => void)[] = [];
  #state: ServiceState = 'created';
  #initialized = false;
  #replaced = false;
  /** Whether the stop is quick, or has become so. */
  #hurried = false;
  #onHurry: () => void = () => {};
  #hasLeft = false;
  #started: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(options: ServiceOptions) {
    const { binary, topic, manager } = options;
    this.#options = options;
    this.name = binary;
    this.topic = topic;
    this.manager = manager;
    this.host = options.host ?? manager.host;
    this.#logger = options.logger ?? createLogger({ name: binary });
    this.#intake = options.intake ?? this.#createRpcIntake();
    this.#connectNotifier(options.notifications);
    this.#periodicTasks = this.#createPeriodicTasks();
    this.#heartbeat = options.records && this.#createHeartbeat(options.records);
    this.checks = this.#createChecks();
    options.onFigures?.(this.host, manager.figures);
  }

  /** Opens nothing yet. @throws TypeError when two periodic tasks have one name */
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

  /**
   * Resolves once nothing of the service runs any more; rejects when requests had to be cut at the graceful shutdown
   * timeout (AggregateError with a ShutdownTimeout), or something could not be closed. `quick`: requests are cut at
   * once, and that is no error.
   */
  stop({ quick = false, replaced = false }: StopOptions = {}): Promise<void> {
    this.#replaced = replaced;
    if (quick) this.#hurry();
    return this.#stopOnce();
  }

  /** `stop`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Resolves once the service has stopped, whoever stopped it and however it ended. */
  async wait(): Promise<void> {
    if (this.#state === 'stopped') return;
    await new Promise<void>((resolve) => this.#whenStopped.push(resolve));
  }

  /** Takes over changed options: those given as functions, and the spacings of periodic tasks. */
  async reset(): Promise<void> {
    await this.manager.reset();
    this.#heartbeat?.reset();
    if (this.#options.periodicEnable !== false) this.#periodicTasks.reset(this.manager.periodicTasks());
  }

  report(): JsonObject {
    const { calling } = this.#options.transport.activity;
    return {
      state: this.#state,
      topic: this.topic,
      host: this.host,
      heartbeat: this.#heartbeat?.report() ?? null,
      ...this.#intake.report(),
      calls_waiting: calling.map(activityRecord),
      periodic_tasks: this.#periodicTasks.report(),
      ...this.manager.report(),
    };
  }

  async #start(): Promise<void> {
    this.#state = 'starting';
    try {
      await this.#runStartSteps();
    } catch (error) {
      await this.#stopOnce().catch(() => {
        // Logged where it happened; the caller needs the reason why the start failed.
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
    await this.#step(async () => this.#intake.open?.());
    await this.#step(async () => this.#heartbeat?.register());
    await this.#step(() => this.#intake.start());
    await this.#step(() => manager.postStartHook());
    this.#periodicTasks.start();
    this.#heartbeat?.start();
  }

  /**
   * A stop does not wait for a start step, which may itself be waiting for an absent broker; the step is left to
   * itself.
   */
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

  #hurry(): void {
    this.#hurried = true;
    this.#onHurry();
  }

  #stopOnce(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#logger.info({ host: this.host, topic: this.topic }, 'Service stopping');
    this.#state = 'draining';
    this.#stopRequested.abort();
    const errors: unknown[] = [];
    await this.#phase('intake', errors, () => this.#stopIntake());
    await this.#phase('drain', errors, () => this.#drain());
    if (this.#initialized) await this.#phase('cleanup', errors, () => this.manager.cleanupHost());
    // It may have learnt meanwhile that nothing takes the service's place.
    await this.#phase('release', errors, () => this.#leave());
    await this.#phase('release', errors, () => this.#options.transport.close());
    await this.#phase('release', errors, async () => this.#notificationTransport?.close());
    await this.#phase('release', errors, async () => this.#options.release?.());
    this.#state = 'stopped';
    for (const resolve of this.#whenStopped.splice(0)) resolve();
    if (errors.length > 0) throw new AggregateError(errors, `Service ${this.name} did not stop cleanly`);
    this.#logger.info({ host: this.host, topic: this.topic }, 'Service stopped');
  }

  /** A phase that fails must not keep the next one from running; nor, in a hurry, must one that hangs. */
  async #phase(phase: string, errors: unknown[], run: () => Promise<void>): Promise<void> {
    const running = run();
    try {
      if (!this.#hurried || phase === 'drain') await running;
      else if (await settlesWithin(running, HURRIED_PHASE)) await running;
      else this.#logger.warn({ phase }, 'A service in a hurry does not wait for this');
    } catch (error) {
      this.#logger.error({ err: error, phase }, 'A service could not be stopped cleanly');
      errors.push(error);
    }
  }

  async #stopIntake(): Promise<void> {
    this.#heartbeat?.stop();
    this.#periodicTasks.stop();
    await this.#intake.stop();
  }

  async #drain(): Promise<void> {
    const timeout = this.#hurried ? 0 : current(this.#options.gracefulShutdownTimeout ?? 60);
    const [cut, tasksDone] = await Promise.all([
      this.#endRequests(timeout),
      settlesWithin(this.#periodicTasks.wait(), Math.min(PERIODIC_TASK_GRACE, timeout)),
      this.#leave(),
    ]);
    if (!tasksDone) {
      this.#logger.warn(
        { tasks: this.#periodicTasks.running },
        'Periodic tasks were still running at the stop',
      );
    }
    if (cut.length === 0 || this.#hurried) return;
    this.#hurried = true;
    throw new ShutdownTimeout(
      cut.map(({ name }) => name),
      timeout,
    );
  }

  async #leave(): Promise<void> {
    if (this.#replaced || this.#hasLeft || !this.#heartbeat) return;
    this.#hasLeft = true;
    const leaving = this.#heartbeat.leave();
    await (this.#hurried ? settlesWithin(leaving, HURRIED_PHASE) : leaving);
  }

  /** Returns the requests that had to be cut. */
  async #endRequests(timeout: number): Promise<readonly CutRequest[]> {
    if (await this.#requestsEnd(timeout)) return [];
    const cut = await this.#intake.cut();
    if (cut.length > 0) {
      this.#logger.error(
        { gracefulShutdownTimeout: timeout, requests: cut.map(({ record }) => record) },
        'Cut requests that had not ended in time',
      );
    }
    return cut;
  }

  /** Whether running requests end within so many seconds; a stop that becomes quick does not wait for them. */
  async #requestsEnd(timeout: number): Promise<boolean> {
    const hurried = new Promise<boolean>((resolve) => {
      this.#onHurry = () => resolve(false);
    });
    return Promise.race([settlesWithin(this.#intake.wait(), timeout), hurried]);
  }

  #createRpcIntake(): RpcIntake {
    const { host, topic, manager } = this;
    const { transport, serializer, backdoorPort } = this.#options;
    const rpc = this.#options.rpc ?? createRpc(transport, serializer ? { serializer } : {});
    const endpoints = [
      ...manager.endpoints,
      endpoint(baseRpc, new BaseRPCAPI({ service: manager.serviceName, backdoorPort })),
    ];
    const pingEnabled = this.#options.rpcPingEnabled ?? false;
    const server = rpc.getServer(new Target({ topic, server: host }), endpoints, { pingEnabled });
    const onNotUp = (err: unknown) => this.#logger.debug({ err }, 'The RPC server was not up');
    return new RpcIntake({ server, rpc, transport, topic, host, onNotUp });
  }

  #connectNotifier({ openTransport, ...notifications }: NotificationOptions = {}): void {
    const { transport, serializer } = this.#options;
    this.#notificationTransport = openTransport?.(this.name, this.#logger);
    const rpc = createRpc(this.#notificationTransport ?? transport, {
      notifications,
      ...(serializer && { serializer }),
    });
    this.manager.connect(
      rpc.getNotifier(this.manager.serviceName, this.host),
      rpc.getVersionedNotifier(`${this.name}:${this.host}`),
    );
  }

  #createPeriodicTasks(): PeriodicTasks {
    const { periodicEnable, periodicFuzzyDelay: fuzzyDelay = 60, onTaskRun } = this.#options;
    return new PeriodicTasks(periodicEnable === false ? [] : this.manager.periodicTasks(), {
      fuzzyDelay,
      runExternal: this.#options.runExternalPeriodicTasks ?? true,
      logger: this.#logger,
      ...(onTaskRun && { onRun: onTaskRun }),
    });
  }

  #createHeartbeat(records: ServiceRecords): Heartbeat {
    const { reportInterval: interval = 10, onHeartbeat } = this.#options;
    return new Heartbeat({
      records,
      info: this.#info(),
      interval,
      probe: async () => this.#intake.probe?.(),
      logger: this.#logger,
      ...(onHeartbeat && { onBeat: onHeartbeat }),
    });
  }

  #createChecks(): ReadinessChecks {
    const { transport, checks = {} } = this.#options;
    return {
      [this.#intake.name]: () => {
        this.#intake.assertOpen?.();
        if (this.#state !== 'running') throw new Error(this.#state);
      },
      broker: () => transport.ready({ timeout: BROKER_TIMEOUT }),
      ...(this.#options.records && {
        heartbeat: () => this.#heartbeat?.assertRecent(current(this.#options.serviceDownTime ?? 60)),
        // A service works even with a wrong clock, but its records and logs are hard to compare with others'.
        clock: () => this.#heartbeat?.clockRemark,
      }),
      ...checks,
      ...this.manager.checks,
    };
  }

  #info(): ServiceInfo {
    return { host: this.host, binary: this.name, topic: this.topic, version: this.#options.version ?? 0 };
  }
}
