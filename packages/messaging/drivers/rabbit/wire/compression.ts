import { deflateSync, unzipSync } from 'node:zlib';
import type { MessageProperties } from 'amqplib';
import { MalformedMessage } from './envelope.ts';

/** The header by which kombu tells how a body is compressed, and its values that mean zlib. */
const HEADER = 'compression';
const CONTENT_TYPE = 'application/x-gzip';
const NAMES: readonly unknown[] = [CONTENT_TYPE, 'gzip', 'zlib'];

/** Bytes that a body may have when it is unpacked: a small message must not be able to fill the memory. */
const UNPACKED_MAX = 256 * 1024 * 1024;

/** Beside a compressed body. */
export const COMPRESSION_HEADERS: Readonly<Record<string, string>> = { [HEADER]: CONTENT_TYPE };

/** A body as kombu compresses it: in zlib's format, though it is called gzip. */
export function compressBody(body: Buffer): Buffer {
  return deflateSync(body);
}

/** Whether the headers tell of a compression, known or not. */
export function isCompressed(headers: MessageProperties['headers']): boolean {
  return headers !== undefined && Boolean(headers[HEADER]);
}

/**
 * The body of a delivered message, unpacked if need be.
 * @throws MalformedMessage when it cannot be unpacked here
 */
export function plainBody(
  content: Buffer,
  headers: MessageProperties['headers'],
  unpackedMax = UNPACKED_MAX,
): Buffer {
  if (!isCompressed(headers)) return content;
  const name: unknown = headers?.[HEADER];
  if (!NAMES.includes(name)) throw new MalformedMessage(`its compression is unknown: ${shorten(name)}`);
  try {
    // Of both formats; which it is, the first bytes tell.
    return unzipSync(content, { maxOutputLength: unpackedMax });
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (error.code === 'ERR_BUFFER_TOO_LARGE') {
      throw new MalformedMessage(`it is larger than ${unpackedMax} bytes when unpacked`);
    }
    throw new MalformedMessage('it cannot be unpacked');
  }
}

function shorten(name: unknown): string {
  return typeof name === 'string' ? name.slice(0, 50) : `not text, but ${typeof name}`;
}
