import { lookup } from 'node:dns/promises';
import type { JsonObject, Logger, Transport } from '@mini-nova/messaging';
import {
  activityRecord,
  Heartbeat,
  type Launchable,
  type ReadinessChecks,
  type ServiceInfo,
  type ServiceRecords,
  ServiceStopped,
  ShutdownTimeout,
  type StopOptions,
} from '@mini-nova/service';
import type { FastifyInstance } from 'fastify';
import { type RunningRequest, RunningRequests } from './running-requests.ts';

export interface ApiServerOptions {
  app: FastifyInstance;
  /** Of this host, in the service record. */
  host: string;
  /** Where to listen. */
  listen: { host: string; port: number };
  /** To the other services. The server's own: it closes it. */
  transport: Transport;
  /** Where the service registers. */
  records: ServiceRecords;
  /** Seconds between two heartbeats, at present. */
  reportInterval: () => number;
  /** Seconds without a heartbeat after which the server is not ready, at present. */
  serviceDownTime: () => number;
  /** Seconds a stopping server waits for requests that are being answered, at present. */
  gracefulShutdownTimeout: () => number;
  /** What must work, beside the broker, for the server to be ready: a database. */
  checks?: ReadinessChecks;
  /** Told of each heartbeat. */
  onHeartbeat?: (at: Date, clockSkew: number | null) => void;
  logger: Logger;
  /** Closes what else the server owns, last of all. */
  release?: () => Promise<void>;
}

/** Seconds that the broker has when it is asked for: who asks waits for 2, and is to hear the reason. */
const BROKER_TIMEOUT = 1;
/** Seconds for which a stopping server waits for requests that have been sent, and have not come. */
const LINGER = 1;

/** The address cannot be listened on: it is taken, not ours, or not allowed. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code = 'LISTEN';
  /** The system's code: `EADDRINUSE`. */
  readonly reason: string;

  constructor({ host, port }: ApiServerOptions['listen'], reason: string, options?: ErrorOptions) {
    const explanation =
      reason === 'EADDRINUSE'
        ? 'the port is in use. Choose another with --port or osapi_compute_listen_port.'
        : reason;
    super(`Cannot listen on ${host}:${port}: ${explanation}`, options);
    this.reason = reason;
  }
}

/** nova-api's life: the REST API on its address, and its service record with heartbeats. */
export class ApiServer implements Launchable {
  readonly name = 'nova-osapi_compute';
  readonly checks: ReadinessChecks;
  readonly #options: ApiServerOptions;
  readonly #heartbeat: Heartbeat;
  readonly #running: RunningRequests;
  /** Fires when requests that run are not waited for any more. */
  readonly #hurry = new AbortController();
  #state: 'created' | 'starting' | 'running' | 'draining' | 'stopped' = 'created';
  #replaced = false;
  /** The record says that the server has stopped. */
  #left = false;
  #stopped: Promise<void> | undefined;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    const { app, records, reportInterval: interval, onHeartbeat, logger } = options;
    this.#running = new RunningRequests(app);
    this.#heartbeat = new Heartbeat({
      records,
      info: this.#info(),
      interval,
      logger,
      ...(onHeartbeat && { onBeat: onHeartbeat }),
    });
    this.checks = {
      api: () => this.#assertListening(),
      broker: () => options.transport.ready({ timeout: BROKER_TIMEOUT }),
      heartbeat: () => this.#heartbeat.assertRecent(this.#options.serviceDownTime()),
      clock: () => this.#heartbeat.clockRemark,
      ...options.checks,
    };
  }

  /** `http://127.0.0.1:8774`: with the port the system chose when 0 was asked for. @throws before it listens */
  get url(): string {
    const address = this.#options.app.server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen yet');
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** Resolves when requests are served. @throws ListenError; ServiceStopped when it was stopped meanwhile */
  async start(): Promise<void> {
    const { app, listen, transport, logger } = this.#options;
    // Now, and in no request's context: else the lines about the connection had the first one's id for good.
    transport.ready().catch(() => {
      // The transport logs that it cannot connect, and tries on.
    });
    try {
      await this.#step(async () => {
        this.#state = 'starting';
        // Of localhost Fastify would take every address, and only the first would have our limits.
        const { address: host } = await lookup(listen.host);
        await app.listen({ host, port: listen.port, listenTextResolver: () => '' });
      });
      await this.#step(() => this.#heartbeat.register());
    } catch (error) {
      await this.stop().catch(() => {
        // Logged where it happened; the caller is to hear why the start failed.
      });
      throw listenError(error, listen);
    }
    this.#state = 'running';
    this.#heartbeat.start();
    logger.info({ url: this.url }, 'API listening');
  }

  /**
   * New connections are refused; requests that are being answered have the graceful shutdown timeout to end, or none
   * when it is to be `quick`. Idempotent.
   *
   * @throws ShutdownTimeout when some had not ended in time; everything is closed nevertheless
   */
  stop({ quick = false, replaced = false }: StopOptions = {}): Promise<void> {
    this.#replaced = replaced;
    if (quick) this.#hurry.abort();
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** The time between heartbeats may have changed; everything else is read when it is used. */
  reset(): void {
    this.#heartbeat.reset();
  }

  report(): JsonObject {
    const { app, host, transport } = this.#options;
    return {
      state: this.#state,
      url: app.server.listening ? this.url : null,
      host,
      heartbeat: this.#heartbeat.report(),
      requests_running: this.#running.list().map((request) => ({ ...request })),
      calls_waiting: transport.activity.calling.map(activityRecord),
    };
  }

  async #step(run: () => Promise<unknown>): Promise<void> {
    if (!this.#stopped) await run();
    if (this.#stopped) throw new ServiceStopped(this.name);
  }

  async #stop(): Promise<void> {
    const { transport, release, logger } = this.#options;
    this.#state = 'draining';
    this.#heartbeat.stop();
    const leaving = this.#leave();
    try {
      await this.#endRequests();
    } finally {
      await leaving;
      // Told meanwhile that nothing takes its place, or registered by a start that was under way.
      await this.#leave();
      await transport.close().finally(() => release?.());
      this.#state = 'stopped';
      logger.info({}, 'API stopped');
    }
  }

  async #leave(): Promise<void> {
    if (this.#replaced || this.#left || this.#heartbeat.last === undefined) return;
    this.#left = true;
    await this.#heartbeat.leave();
  }

  /** @throws ShutdownTimeout */
  async #endRequests(): Promise<void> {
    const { app, gracefulShutdownTimeout, logger } = this.#options;
    const timeout = gracefulShutdownTimeout();
    this.#running.close();
    const closed = app.close();
    if (await this.#inTime(this.#drain(closed), timeout)) return;
    const requests = this.#running.list();
    app.server.closeAllConnections();
    await closed;
    if (this.#hurry.signal.aborted || requests.length === 0) return;
    logger.error({ gracefulShutdownTimeout: timeout, requests }, 'Cut requests that had not ended in time');
    throw new ShutdownTimeout(requests.map(nameOf), timeout);
  }

  /** Waits for the requests. Connections on which none has come yet get a moment, and are closed then. */
  async #drain(closed: Promise<unknown>): Promise<void> {
    do {
      await this.#running.ended();
    } while (!(await this.#inTime(closed, LINGER)) && this.#running.list().length > 0);
    this.#options.app.server.closeAllConnections();
    await closed;
  }

  /** Whether `work` ends within so many seconds, and before somebody is in a hurry. */
  async #inTime(work: Promise<unknown>, seconds: number): Promise<boolean> {
    const { signal } = this.#hurry;
    let timer: NodeJS.Timeout | undefined;
    const timeIsUp = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, seconds * 1000, false);
      if (signal.aborted) resolve(false);
      signal.addEventListener('abort', () => resolve(false), { once: true });
    });
    try {
      return await Promise.race([work.then(() => true), timeIsUp]);
    } finally {
      clearTimeout(timer);
    }
  }

  #assertListening(): void {
    if (!this.#options.app.server.listening) throw new Error('it does not listen');
    if (this.#state !== 'running') throw new Error(this.#state);
  }

  #info(): ServiceInfo {
    return { host: this.#options.host, binary: this.name, topic: 'osapi_compute', version: 0 };
  }
}

function nameOf({ method, url }: RunningRequest): string {
  return `${method} ${url}`;
}

function listenError(error: unknown, listen: ApiServerOptions['listen']): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  return new ListenError(listen, String(error.code), { cause: error });
}
