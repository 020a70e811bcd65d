import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import { isSecretName, MASK } from '@mini-nova/masking';
import type { JsonObject, JsonValue } from '../json.ts';
import { reasonText } from '../logger.ts';
import type { Notifier } from './notifier.ts';

/** Headers that let who knows them act as the user, beside those whose names say so. */
const SECRET_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'cookie',
  'proxy-authorization',
  'set-cookie',
  'x-auth-key',
]);
/** CGI has names of their own for these. */
const PLAIN_HEADERS: ReadonlySet<string> = new Set(['content-length', 'content-type']);

/**
 * A request as Python's web servers describe it (WSGI): `REQUEST_METHOD`, `PATH_INFO`, `QUERY_STRING`, and
 * `HTTP_<NAME>` for each header. Headers with secrets are left out, parameters with secrets are masked.
 */
function requestEnviron(request: IncomingMessage, serviceName: string | undefined): JsonObject {
  const { method, url = '/', headers, httpVersion, socket } = request;
  const [path = '', query = ''] = splitOnce(url, '?');
  return {
    REQUEST_METHOD: method ?? '',
    SCRIPT_NAME: '',
    PATH_INFO: path,
    QUERY_STRING: maskQuery(query),
    SERVER_PROTOCOL: `HTTP/${httpVersion}`,
    SERVER_NAME: socket.localAddress ?? '',
    SERVER_PORT: String(socket.localPort ?? ''),
    REMOTE_ADDR: socket.remoteAddress ?? '',
    REMOTE_PORT: String(socket.remotePort ?? ''),
    ...headerVariables(headers),
    HTTP_X_SERVICE_NAME: serviceName ?? headers.host ?? '',
  };
}

/** The headers of a response, without those with secrets. */
function publicHeaders(headers: OutgoingHttpHeaders): JsonObject {
  return Object.fromEntries(safeHeaders(headers));
}

function headerVariables(headers: IncomingHttpHeaders): JsonObject {
  return Object.fromEntries(
    safeHeaders(headers).map(([name, value]) => {
      const variable = name.toUpperCase().replaceAll('-', '_');
      return [PLAIN_HEADERS.has(name) ? variable : `HTTP_${variable}`, value];
    }),
  );
}

function safeHeaders(headers: OutgoingHttpHeaders): [name: string, value: JsonValue][] {
  const safe = Object.entries(headers).filter(([name]) => !isSecretHeader(name));
  return safe.map(([name, value]) => [name, headerValue(value)]);
}

function isSecretHeader(name: string): boolean {
  return SECRET_HEADERS.has(name.toLowerCase()) || isSecretName(name);
}

function headerValue(value: number | string | readonly string[] | undefined): JsonValue {
  return typeof value === 'object' ? value.join(', ') : String(value ?? '');
}

function maskQuery(query: string): string {
  return query
    .split('&')
    .map((parameter) => {
      const [name = '', value] = splitOnce(parameter, '=');
      return value !== undefined && isSecretName(name) ? `${name}=${MASK}` : parameter;
    })
    .join('&');
}

function splitOnce(text: string, separator: string): string[] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + 1)];
}

/** Which requests are meant: those that fit in all that is given. */
export interface RequestMatch {
  /** In any case: `GET`. */
  methods?: readonly string[];
  /** Matched against the path, without the query. */
  paths?: readonly RegExp[];
}

/** Which requests are told of, and by whom. */
export interface RequestNotifierOptions {
  notifier: Notifier;
  /** Only these. Default: all requests. */
  include?: RequestMatch;
  /** Not these, even if they are included. Default: none. */
  exclude?: RequestMatch;
  /** What notifications name as the service. Default: the request's Host header. */
  serviceName?: string;
}

/** Middleware as connect and express take it; with plain `node:http`, call it around the request's listener. */
export interface RequestNotifierMiddleware {
  (request: IncomingMessage, response: ServerResponse, next: () => unknown): unknown;
  /** For connect and express, behind all routes: notes the error, and passes it on. */
  readonly errors: (
    error: unknown,
    request: IncomingMessage,
    response: ServerResponse,
    next: (error: unknown) => unknown,
  ) => unknown;
}

/**
 * Notifies of HTTP requests, with priority `info`: `http.request` when one comes, `http.response` when it is answered,
 * has failed, or was given up by its client. Payloads are those of oslo.messaging's RequestNotifier: `request` (its WSGI
 * variables), `response` (`status` and `headers`), `exception` (`value` and `traceback`). Secrets are left out.
 *
 *     const notify = requestNotifier({ notifier, exclude: { methods: ['GET'] } });
 *     createServer((request, response) => notify(request, response, () => handle(request, response)));
 *
 * The request does not wait for its notifications, nor does it fail with them.
 *
 * @throws TypeError when there is no notifier, or what is included or excluded is no list
 */
export function requestNotifier(options: RequestNotifierOptions): RequestNotifierMiddleware {
  checkOptions(options);
  const watched = new WeakMap<IncomingMessage, WatchedRequest>();
  const middleware = (request: IncomingMessage, response: ServerResponse, next: () => unknown): unknown => {
    if (!isWatched(request, options)) return next();
    const watch = new WatchedRequest(options, request, response);
    watched.set(request, watch);
    return watch.run(next);
  };
  const errors: RequestNotifierMiddleware['errors'] = (error, request, _response, next) => {
    watched.get(request)?.noteError(error);
    return next(error);
  };
  return Object.assign(middleware, { errors });
}

/** Here rather than with each request, which would fail by it. */
function checkOptions({ notifier, include = {}, exclude = {} }: RequestNotifierOptions): void {
  if (typeof notifier?.info !== 'function') throw new TypeError('requestNotifier needs a notifier');
  for (const match of [include, exclude]) {
    for (const list of [match.methods ?? [], match.paths ?? []]) {
      if (!Array.isArray(list)) throw new TypeError(`${String(list)} is no list of methods or paths`);
    }
  }
}

class WatchedRequest {
  readonly #notifier: Notifier;
  /** As it came: frameworks rewrite the URL of a request on its way. */
  readonly #environ: JsonObject;
  readonly #response: ServerResponse;
  #exception: JsonObject | undefined;
  #ended = false;

  constructor(
    { notifier, serviceName }: RequestNotifierOptions,
    request: IncomingMessage,
    response: ServerResponse,
  ) {
    this.#notifier = notifier;
    this.#environ = requestEnviron(request, serviceName);
    this.#response = response;
    this.#notify('http.request', {});
    response.once('close', () => this.#end());
  }

  /** Runs what answers the request. When that throws or rejects, there may be no answer to wait for. */
  run(next: () => unknown): unknown {
    try {
      const result = next();
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        this.#fail(error);
        throw error;
      });
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  noteError(error: unknown): void {
    this.#exception ??= describeException(error);
  }

  #fail(error: unknown): void {
    this.noteError(error);
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const response = describeResponse(this.#response);
    const exception = this.#exception;
    this.#notify('http.response', { ...(response && { response }), ...(exception && { exception }) });
  }

  #notify(eventType: string, more: JsonObject): void {
    // It does not reject: what cannot be sent is logged.
    void this.#notifier.info({}, eventType, { request: this.#environ, ...more });
  }
}

/** Undefined when the client has not got the whole response. */
function describeResponse(response: ServerResponse): JsonObject | undefined {
  if (!response.writableFinished) return undefined;
  const { statusCode, statusMessage = STATUS_CODES[statusCode] ?? '' } = response;
  return { status: `${statusCode} ${statusMessage}`.trim(), headers: publicHeaders(response.getHeaders()) };
}

function describeException(error: unknown): JsonObject {
  const lines = error instanceof Error ? (error.stack ?? '').split('\n').slice(1) : [];
  return { value: reasonText(error), traceback: lines.map((line) => line.trim()) };
}

function isWatched({ method = '', url = '/' }: IncomingMessage, options: RequestNotifierOptions): boolean {
  const { include = {}, exclude } = options;
  const path = url.split('?', 1)[0] ?? '';
  return fits(method, path, include) && !(exclude !== undefined && fits(method, path, exclude));
}

function fits(method: string, path: string, { methods, paths }: RequestMatch): boolean {
  const fitsMethod = methods === undefined || methods.some((name) => name.toUpperCase() === method);
  return fitsMethod && (paths === undefined || paths.some((pattern) => path.search(pattern) >= 0));
}
