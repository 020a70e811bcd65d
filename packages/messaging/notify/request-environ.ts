import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { isSecretName, MASK } from '@mini-nova/masking';
import type { JsonObject, JsonValue } from '../json.ts';

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
export function requestEnviron(request: IncomingMessage, serviceName: string | undefined): JsonObject {
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
export function publicHeaders(headers: OutgoingHttpHeaders): JsonObject {
  const safe = Object.entries(headers).filter(([name]) => !isSecretHeader(name));
  return Object.fromEntries(safe.map(([name, value]) => [name, headerValue(value)]));
}

function headerVariables(headers: IncomingHttpHeaders): JsonObject {
  const safe = Object.entries(headers).filter(([name]) => !isSecretHeader(name));
  return Object.fromEntries(
    safe.map(([name, value]) => {
      const variable = name.toUpperCase().replaceAll('-', '_');
      return [PLAIN_HEADERS.has(name) ? variable : `HTTP_${variable}`, headerValue(value)];
    }),
  );
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
