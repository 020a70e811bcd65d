import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { turns } from '@mini-nova/event-loop';
import type { Logger } from '@mini-nova/messaging';
import type { Launchable } from '../launch/launchable.ts';
import { ObservabilityListenError } from './errors.ts';
import type { MetricsText } from './metrics-text.ts';
import type { ReadinessReport } from './readiness.ts';

export interface ObservabilityServerOptions {
  /** An address or a host name. */
  listen: string;
  /** 0: any free port. */
  port: number;
  /** Asked at each `/metrics`. */
  metrics(): Promise<MetricsText>;
  /** Asked at each `/readyz`. */
  checks(): Promise<ReadinessReport>;
  /** Called when it stops. */
  release?(): void;
  logger: Logger;
}

interface Answer {
  status: number;
  contentType: string;
  text: string;
}

type Page = () => Promise<Answer>;

/** Milliseconds in which a client must send its request, and for which it may leave its answer unread. */
const CLIENT_TIMEOUT = 2_000;
const MAX_HEADER_BYTES = 8 * 1024;
/** Enough for a scraper or two, a probe and a person; a client that opens more is broken. */
const MAX_CONNECTIONS = 64;
const METHODS = 'GET, HEAD';

/** `/healthz`, `/readyz` and `/metrics` over HTTP, for probes and for Prometheus. */
export class ObservabilityServer implements Launchable {
  readonly name = 'observability';
  readonly #options: ObservabilityServerOptions;
  readonly #server: Server;
  readonly #pages: ReadonlyMap<string, Page>;
  #stopped = false;
  #started: Promise<void> | undefined;

  constructor(options: ObservabilityServerOptions) {
    this.#options = options;
    this.#pages = new Map<string, Page>([
      ['/healthz', async () => json(200, { status: 'alive' })],
      ['/readyz', () => this.#readiness()],
      ['/metrics', () => this.#metrics()],
    ]);
    this.#server = createServer(
      {
        requestTimeout: CLIENT_TIMEOUT,
        headersTimeout: CLIENT_TIMEOUT,
        connectionsCheckingInterval: 500,
        maxHeaderSize: MAX_HEADER_BYTES,
      },
      (request, response) => void this.#handle(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    // Each turn of the event loop takes one connection from the system.
    this.#server.on('connection', () => turns.skip());
    // Otherwise a client that sends a thousand requests on one connection and reads no answer would have the figures
    // made, and kept, for each.
    this.#server.maxRequestsPerSocket = 1;
    // Otherwise Node.js would invite the body.
    this.#server.on('checkContinue', (request, response) => void this.#handle(request, response));
  }

  /** The port it listens on; null while it does not listen. */
  get port(): number | null {
    const address = this.#server.address() as AddressInfo | null;
    return address?.port ?? null;
  }

  /** @throws ObservabilityListenError */
  start(): Promise<void> {
    this.#started ??= this.#listen();
    return this.#started;
  }

  /** Connections are closed at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    // A server that failed to start has nothing to stop.
    await this.#started?.catch(() => {});
    this.#options.release?.();
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #listen(): Promise<void> {
    const { listen, port, logger } = this.#options;
    if (this.#stopped) return;
    await new Promise<void>((resolve, reject) => {
      const onError = (error: Error): void => reject(new ObservabilityListenError(listen, port, error));
      this.#server.once('error', onError);
      this.#server.listen({ host: listen, port }, () => {
        this.#server.off('error', onError);
        resolve();
      });
    });
    this.#server.on('error', (error) =>
      logger.error({ err: error }, 'The observability endpoint had an error'),
    );
    logger.info({ address: listen, port: this.port }, 'Observability endpoint listens');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = this.#refuse(request, response) ?? (await this.#answer(request));
    // The client may have gone, or the server may have been stopped.
    if (response.destroyed) return;
    // The limit of requests by itself only sends `close`.
    response.shouldKeepAlive = false;
    response.setTimeout(CLIENT_TIMEOUT);
    response.writeHead(answer.status, {
      'content-type': answer.contentType,
      'content-length': Buffer.byteLength(answer.text),
      'cache-control': 'no-store',
    });
    response.end(request.method === 'HEAD' ? undefined : answer.text);
  }

  /** The answer to a request that is refused unread; undefined when it is not. */
  #refuse({ method, headers }: IncomingMessage, response: ServerResponse): Answer | undefined {
    const hasBody =
      headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0;
    if (method !== 'GET' && method !== 'HEAD') {
      response.setHeader('allow', METHODS);
      return json(405, { error: `Only ${METHODS}` });
    }
    return hasBody ? json(413, { error: 'A request has no body here' }) : undefined;
  }

  async #answer({ url = '/' }: IncomingMessage): Promise<Answer> {
    const path = url.split('?', 1)[0] ?? '/';
    const page = this.#pages.get(path);
    if (page === undefined) return json(404, { error: 'Not found', pages: [...this.#pages.keys()] });
    try {
      return await page();
    } catch (error) {
      this.#options.logger.error({ err: error, path }, 'The observability endpoint could not answer');
      return json(500, { error: 'Internal error; see the log' });
    }
  }

  async #readiness(): Promise<Answer> {
    const { ready, checks } = await this.#options.checks();
    return json(ready ? 200 : 503, { status: ready ? 'ready' : 'not ready', checks });
  }

  async #metrics(): Promise<Answer> {
    const { contentType, text } = await this.#options.metrics();
    return { status: 200, contentType, text };
  }
}

function json(status: number, body: object): Answer {
  return { status, contentType: 'application/json', text: `${JSON.stringify(body)}\n` };
}
