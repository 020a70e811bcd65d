import type { Logger } from '@mini-nova/messaging';
import { Heartbeat, type Launchable, type ServiceInfo, type ServiceRecords } from '@mini-nova/service';
import type { FastifyInstance } from 'fastify';

export interface ApiServerOptions {
  app: FastifyInstance;
  /** Of this host, in the service record. */
  host: string;
  /** Where to listen. */
  listen: { host: string; port: number };
  /** Where the service registers. */
  records: ServiceRecords;
  /** Seconds between two heartbeats. */
  reportInterval: number;
  /** Seconds a stopping server waits for requests that are being answered. */
  gracefulShutdownTimeout: number;
  logger: Logger;
  /** Closes what else the server owns, last of all. */
  release?: () => Promise<void>;
}

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
  readonly #options: ApiServerOptions;
  readonly #heartbeat: Heartbeat;
  #stopped: Promise<void> | undefined;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    const { records, reportInterval: interval, logger } = options;
    this.#heartbeat = new Heartbeat({ records, info: this.#info(), interval, logger });
  }

  /** `http://127.0.0.1:8774`: with the port the system chose when 0 was asked for. @throws before it listens */
  get url(): string {
    const address = this.#options.app.server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen yet');
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** Resolves when requests are served. @throws ListenError */
  async start(): Promise<void> {
    const { app, listen, records, logger } = this.#options;
    try {
      await app.listen({ ...listen, listenTextResolver: () => '' });
      await records.register(this.#info());
    } catch (error) {
      await this.stop();
      throw listenError(error, listen);
    }
    this.#heartbeat.start();
    logger.info({ url: this.url }, 'API listening');
  }

  /** New requests are refused; those being answered have the graceful shutdown timeout to end. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { app, gracefulShutdownTimeout, release } = this.#options;
    this.#heartbeat.stop();
    const impatience = setTimeout(() => app.server.closeAllConnections(), gracefulShutdownTimeout * 1000);
    try {
      await app.close();
    } finally {
      clearTimeout(impatience);
      await release?.();
    }
  }

  #info(): ServiceInfo {
    return { host: this.#options.host, binary: this.name, topic: 'osapi_compute', version: 0 };
  }
}

function listenError(error: unknown, listen: ApiServerOptions['listen']): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  return new ListenError(listen, String(error.code), { cause: error });
}
