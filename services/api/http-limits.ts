import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions } from 'fastify';
import { faultDocument } from './http-errors.ts';

/** What a client may send, and how slowly. */
export interface HttpLimits {
  /** Bytes. */
  maxBodySize: number;
  /** Bytes, all lines together. */
  maxHeaderSize: number;
  /** Seconds to send the headers; 0: no limit. */
  headerTimeout: number;
  /** Seconds for which nothing may move on a connection while it is the client's turn to send or read; 0: no limit. */
  socketTimeout: number;
}

type ServerOptions = Pick<
  FastifyHttpOptions<Server>,
  'bodyLimit' | 'http' | 'requestTimeout' | 'clientErrorHandler'
>;

/** How often within the header timeout connections are checked, and the bounds of the interval in milliseconds. */
const CHECKS_PER_TIMEOUT = 10;
const SHORTEST_CHECK = 100;
const LONGEST_CHECK = 5_000;

/** For the HTTP server. For connections on which nothing moves see `closeIdleConnections`. */
export function serverOptions(limits: HttpLimits): ServerOptions {
  const headersTimeout = milliseconds(limits.headerTimeout);
  // A client that sends a little now and then is never silent: its body may take as long as a connection may be silent.
  const isBounded = limits.headerTimeout > 0 && limits.socketTimeout > 0;
  const requestTimeout = isBounded ? headersTimeout + milliseconds(limits.socketTimeout) : 0;
  return {
    bodyLimit: limits.maxBodySize,
    requestTimeout,
    http: {
      maxHeaderSize: limits.maxHeaderSize,
      headersTimeout,
      requestTimeout,
      connectionsCheckingInterval: checkingInterval(headersTimeout),
    },
    clientErrorHandler: refuseConnection,
  };
}

/** Closes connections on which nothing moves, unless it is our turn: while a request is worked on, its client waits. */
export function closeIdleConnections(server: Server, { socketTimeout }: HttpLimits): void {
  const timeout = milliseconds(socketTimeout);
  const exchanges = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    exchanges.set(request.socket, { request, response });
  });
  server.keepAliveTimeout = timeout;
  server.setTimeout(timeout, (socket) => {
    const exchange = exchanges.get(socket);
    const isOurTurn = exchange?.request.complete && !exchange.response.headersSent;
    if (!isOurTurn) socket.destroy();
  });
}

/**
 * Answers `Expect: 100-continue`: refuses a body that is known to be too large before it is sent, and asks for any
 * other.
 */
export function inviteBodies(server: Server, { maxBodySize }: HttpLimits): void {
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!(Number(request.headers['content-length']) > maxBodySize)) response.writeContinue();
    server.emit('request', request, response);
  });
}

/** Answers what is not a valid request: its headers are too long, arrived too slowly, or are not HTTP. */
function refuseConnection(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  const [status, message] = refusalOf(error);
  const body = JSON.stringify(faultDocument(status, message));
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  if (socket.writable) socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
  else socket.destroy();
}

function refusalOf({ code }: { code?: string }): [status: number, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW') return [431, 'The headers of the request are too long.'];
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'The request took too long to arrive.'];
  return [400, 'This is no HTTP request.'];
}

/** The interval at which Node.js looks for connections that are too slow, in milliseconds. */
function checkingInterval(headersTimeout: number): number {
  if (headersTimeout === 0) return LONGEST_CHECK;
  return Math.min(LONGEST_CHECK, Math.max(SHORTEST_CHECK, Math.ceil(headersTimeout / CHECKS_PER_TIMEOUT)));
}

function milliseconds(seconds: number): number {
  return Math.ceil(seconds * 1000);
}
