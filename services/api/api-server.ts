import { lookup } from 'node:dns/promises';
import type { JsonObject, Logger, Transport } from '@mini-nova/messaging';
import { type CutRequest, type Intake, settlesWithin } from '@mini-nova/service';
import type { FastifyInstance } from 'fastify';
import { type RunningRequest, RunningRequests } from './running-requests.ts';

export interface ApiServerOptions {
  app: FastifyInstance;
  /** Where to listen. */
  listen: { host: string; port: number };
  /** The bus, by which the other services are reached. */
  transport: Pick<Transport, 'ready'>;
  logger: Logger;
}

/** Seconds for which a stopping server waits for requests that were sent but have not arrived. */
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

/** How requests come to nova-api: the REST API on its address. */
export class ApiServer implements Intake {
  readonly name = 'api';
  readonly #options: ApiServerOptions;
  readonly #running: RunningRequests;
  /** Resolves when nothing is connected any more. */
  #closed: Promise<void> | undefined;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    this.#running = new RunningRequests(options.app);
  }

  /** `http://127.0.0.1:8774`: with the port the system chose when 0 was asked for. @throws before it listens */
  get url(): string {
    const address = this.#options.app.server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen yet');
    const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
    return `http://${host}:${address.port}`;
  }

  /** Resolves when requests are served. @throws ListenError */
  async open(): Promise<void> {
    const { app, listen, transport } = this.#options;
    // Connects now, outside any request's context: otherwise the log lines about the connection would carry the first
    // request's id for ever.
    transport.ready().catch(() => {
      // The transport logs that it cannot connect, and goes on trying.
    });
    try {
      // For localhost Fastify would listen on every address, but only the first would have our limits.
      const { address: host } = await lookup(listen.host);
      await app.listen({ host, port: listen.port, listenTextResolver: () => '' });
    } catch (error) {
      throw listenError(error, listen);
    }
  }

  async start(): Promise<void> {
    this.#options.logger.info({ url: this.url }, 'API listening');
  }

  /** New connections are refused, and each answer is the last on its connection. */
  async stop(): Promise<void> {
    this.#running.close();
    this.#close();
  }

  /** Connections on which no request has arrived yet get a moment, then they are closed. */
  async wait(): Promise<void> {
    const closed = this.#close();
    do {
      await this.#running.ended();
    } while (!(await settlesWithin(closed, LINGER)) && this.#running.list().length > 0);
    await this.#disconnect();
  }

  async cut(): Promise<readonly CutRequest[]> {
    const cut = this.#running.list().map((request) => ({ name: nameOf(request), record: { ...request } }));
    await this.#disconnect();
    return cut;
  }

  assertOpen(): void {
    if (!this.#options.app.server.listening) throw new Error('it does not listen');
  }

  report(): JsonObject {
    return {
      url: this.#options.app.server.listening ? this.url : null,
      requests_running: this.#running.list().map((request) => ({ ...request })),
    };
  }

  #close(): Promise<void> {
    this.#closed ??= this.#options.app.close();
    return this.#closed;
  }

  async #disconnect(): Promise<void> {
    this.#options.app.server.closeAllConnections();
    await this.#close();
  }
}

function nameOf({ method, url }: RunningRequest): string {
  return `${method} ${url}`;
}

function listenError(error: unknown, listen: ApiServerOptions['listen']): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  return new ListenError(listen, String(error.code), { cause: error });
}
