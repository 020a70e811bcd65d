import { type ServerResponse, STATUS_CODES } from 'node:http';
import { annotateSpan, withSpan } from '@mini-nova/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-errors.ts';

/** A request that is being answered. */
export interface RunningRequest {
  method: string;
  url: string;
  request_id: string;
  /** How long it has run. */
  seconds: number;
}

interface Running {
  request: FastifyRequest;
  /** By performance.now(). */
  since: number;
  /** Its handler has ended. */
  isAnswered: boolean;
  /** The answer has been sent, or the client has gone. */
  isClosed: boolean;
}

/** Knows which requests the REST API is answering; one whose client has gone runs until its handler ends. */
export class RunningRequests {
  readonly #running = new Map<FastifyRequest, Running>();
  readonly #whenNone: (() => void)[] = [];
  #isClosing = false;

  /** Before the app is ready. */
  constructor(app: FastifyInstance) {
    app.addHook('onRequest', (request, reply, done) => {
      const running = { request, since: performance.now(), isAnswered: false, isClosed: false };
      this.#running.set(request, running);
      for (const event of ['finish', 'close']) {
        reply.raw.once(event, () => this.#settle(running, { isClosed: true }));
      }
      done();
    });
    app.addHook('onSend', async (request, reply) => {
      if (this.#isClosing) reply.header('connection', 'close');
      const running = this.#running.get(request);
      if (running) this.#settle(running, { isAnswered: true });
    });
  }

  /** From now on each answer is the last on its connection. */
  close(): void {
    this.#isClosing = true;
  }

  /** Oldest first. */
  list(): RunningRequest[] {
    const now = performance.now();
    return [...this.#running.values()].map(({ request, since }) => ({
      method: request.method,
      url: request.url,
      request_id: request.id,
      seconds: Math.round(now - since) / 1000,
    }));
  }

  /** Resolves when there is none. */
  async ended(): Promise<void> {
    if (this.#running.size > 0) await new Promise<void>((resolve) => this.#whenNone.push(resolve));
  }

  #settle(running: Running, change: Partial<Running>): void {
    Object.assign(running, change);
    if (!running.isAnswered || !running.isClosed) return;
    this.#running.delete(running.request);
    if (this.#running.size === 0) for (const resolve of this.#whenNone.splice(0)) resolve();
  }
}

/**
 * Runs the rest of a request as a span, from its headers to the end of its answer. The span belongs to the caller's
 * trace if the caller sends a W3C `traceparent`, else to a new one.
 */
export function traceRequest(request: FastifyRequest, reply: FastifyReply, next: () => void): void {
  const { method, id, protocol, headers: parent } = request;
  const { url: route } = request.routeOptions;
  const attributes = {
    'http.request.method': method,
    'url.path': pathOf(request),
    'url.scheme': protocol,
    'nova.request_id': id,
    ...(route !== undefined && { 'http.route': route }),
  };
  const name = route === undefined ? method : `${method} ${route}`;
  const span = withSpan(name, { kind: 'server', attributes, parent }, async () => {
    next();
    await answered(reply.raw);
    const { statusCode } = reply;
    annotateSpan({ 'http.response.status_code': statusCode });
    if (statusCode >= 500) throw new HttpError(statusCode, STATUS_CODES[statusCode] ?? 'Server error');
  });
  // The client has got the error as its answer.
  span.catch(() => {});
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?', 1)[0] ?? url;
}

/** Resolves also when the client has gone. */
async function answered(response: ServerResponse): Promise<void> {
  if (response.writableFinished || response.destroyed) return;
  await new Promise<void>((resolve) => {
    response.once('finish', resolve);
    response.once('close', resolve);
  });
}
