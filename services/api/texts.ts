import { isUtf8 } from 'node:buffer';
import type { FastifyRequest } from 'fastify';
import { BadRequest } from './http-errors.ts';

/** NUL, which PostgreSQL cannot store, and lone surrogates, which UTF-8 does not have. */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

const REASON = 'Texts are UTF-8 without NUL.';

/** Path, query and headers. Numbers and names are checked by the code that reads them. @throws BadRequest */
export function assertTexts({ raw: { url = '' }, headers }: FastifyRequest): void {
  const query = url.indexOf('?');
  const path = query < 0 ? url : url.slice(0, query);
  if (!isText(path)) throw new BadRequest(`Invalid path. ${REASON}`);
  for (const part of query < 0 ? [] : url.slice(query + 1).split('&')) {
    if (!isText(part)) throw new BadRequest(`Invalid input for query parameters ${nameOf(part)}. ${REASON}`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (![value ?? ''].flat().every(isHeaderText)) {
      throw new BadRequest(`Invalid header ${name}. ${REASON}`);
    }
  }
}

/** The text of a header, for which Node.js gives a character for each byte. Invalid UTF-8 is replaced. */
export function headerText(value: string): string {
  return isAscii(value) ? value : Buffer.from(value, 'latin1').toString('utf8');
}

/** All names and texts of a parsed body, however deep. @throws BadRequest, which names the field */
export function assertBodyTexts(body: unknown): void {
  const open: [field: string, value: unknown][] = [['body', body]];
  for (let next = open.pop(); next; next = open.pop()) {
    const [field, value] = next;
    if (typeof value === 'string') assertField(field, value);
    else if (Array.isArray(value)) for (const element of value) open.push([field, element]);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, element] of Object.entries(value)) {
        assertField(field, name);
        open.push([name, element]);
      }
    }
  }
}

/** @throws BadRequest when the bytes are not UTF-8 */
export function decodeBody(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) throw new BadRequest('The request body is not UTF-8.', { cause: error });
    throw error;
  }
}

function assertField(field: string, text: string): void {
  if (UNSTORABLE.test(text)) throw new BadRequest(`Invalid input for field/attribute ${field}. ${REASON}`);
}

/** Of a part of a URL. */
function isText(encoded: string): boolean {
  try {
    return !UNSTORABLE.test(decodeURIComponent(encoded));
  } catch (error) {
    if (error instanceof URIError) return false;
    throw error;
  }
}

function isHeaderText(value: string): boolean {
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) && !UNSTORABLE.test(bytes.toString('utf8'));
}

function isAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

/** As it stands in the URL. */
function nameOf(part: string): string {
  return part.replace(/=.*$/s, '');
}
