import { type ServerResponse, STATUS_CODES } from 'node:http';
import { annotateSpan, withSpan } from '@mini-nova/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HttpError } from './http-errors.ts';

/**
 * Runs the rest of a request as a span, from its headers to the end of its answer: of the caller's trace when it sends
 * W3C's `traceparent`, else of one of its own.
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
  // Whose answer is an error has been told.
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
