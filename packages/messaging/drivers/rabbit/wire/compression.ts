import { promisify } from 'node:util';
import { deflateSync, unzip } from 'node:zlib';
import type { MessageProperties } from 'amqplib';
import { MalformedMessage } from './wire-message.ts';

/** The header by which kombu tells how a body is compressed, and its values that mean zlib. */
const HEADER = 'compression';
const CONTENT_TYPE = 'application/x-gzip';
const NAMES: readonly unknown[] = [CONTENT_TYPE, 'gzip', 'zlib'];

const MIB = 1024 * 1024;
/**
 * Bytes that a compressed body may have when it is unpacked. A small message must not be able to fill the memory, and
 * what is unpacked is read as JSON at one go: some tenths of a second for as many bytes. (RabbitMQ 4 takes no larger
 * message, unless it is told to.)
 */
const UNPACKED_MAX = 16 * MIB;
/** How many times as large as it came a body may become, beyond what does no harm. JSON becomes 5 to 50 times smaller. */
const RATIO_MAX = 100;
const HARMLESS = 4 * MIB;

/** Beside a compressed body. */
export const COMPRESSION_HEADERS: Readonly<Record<string, string>> = { [HEADER]: CONTENT_TYPE };

/**
 * A body as kombu compresses it: in zlib's format, though it is called gzip. Undefined when it is to travel as it is,
 * for its readers would take it for an attack.
 */
export function compressBody(body: Buffer): Buffer | undefined {
  if (body.length > UNPACKED_MAX) return undefined;
  const compressed = deflateSync(body);
  return body.length <= unpackedLimit(compressed) ? compressed : undefined;
}

/** Whether the headers tell of a compression, known or not. */
export function isCompressed(headers: MessageProperties['headers']): boolean {
  return headers !== undefined && Boolean(headers[HEADER]);
}

const unzipAside = promisify(unzip);

/** The body of a delivered message, unpacked beside the event loop if need be; or why it cannot be unpacked here. */
export async function unpackedBody(
  content: Buffer,
  headers: MessageProperties['headers'],
): Promise<Buffer | MalformedMessage> {
  if (!isCompressed(headers)) return content;
  const name: unknown = headers?.[HEADER];
  if (!NAMES.includes(name)) return new MalformedMessage(`its compression is unknown: ${shorten(name)}`);
  const maxOutputLength = unpackedLimit(content);
  try {
    // Both formats; the first bytes tell which it is.
    return await unzipAside(content, { maxOutputLength });
  } catch (error) {
    return unreadable(error, maxOutputLength);
  }
}

/** Bytes. */
function unpackedLimit({ length }: Buffer): number {
  return Math.min(UNPACKED_MAX, Math.max(HARMLESS, length * RATIO_MAX));
}

/** @throws what is no matter of the body */
function unreadable(error: unknown, limit: number): MalformedMessage {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  return new MalformedMessage(
    error.code === 'ERR_BUFFER_TOO_LARGE'
      ? `it is larger than ${limit} bytes when unpacked`
      : 'it cannot be unpacked',
  );
}

function shorten(name: unknown): string {
  return typeof name === 'string' ? name.slice(0, 50) : `not text, but ${typeof name}`;
}
