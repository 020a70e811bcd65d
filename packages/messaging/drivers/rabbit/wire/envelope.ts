import { UnsupportedRpcEnvelopeVersion } from '../../../errors.ts';
import type { JsonObject, JsonValue } from '../../../json.ts';

const VERSION_KEY = 'oslo.version';
const MESSAGE_KEY = 'oslo.message';
const MAJOR = 2;
const MINOR = 0;
const VERSION = `${MAJOR}.${MINOR}`;
const HEAD = `{"${VERSION_KEY}": "${VERSION}", "${MESSAGE_KEY}": `;

/** A delivered body that is no message. `message` says why, without the body's content. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

/** The body to publish: the message as JSON text inside the envelope's JSON. */
export function sealEnvelope(message: JsonObject): Buffer {
  return Buffer.from(`${HEAD}${JSON.stringify(JSON.stringify(message))}}`);
}

/**
 * The message of a delivered body. A JSON object without the envelope's keys is a message of the first format,
 * which had no envelope, and is returned as it is.
 *
 * @throws MalformedMessage when it is not a JSON object
 * @throws UnsupportedRpcEnvelopeVersion when the envelope is of another major or a newer minor version
 */
export function openEnvelope(body: Buffer): JsonObject {
  const text = body.toString('utf8');
  const quick = messageOf(text);
  if (quick !== undefined) return parseObject(quick, MESSAGE_KEY);
  const outer = parseObject(text, 'the body');
  const version = outer[VERSION_KEY];
  const message = outer[MESSAGE_KEY];
  if (version === undefined || message === undefined) return outer;
  if (version !== VERSION && !isReadable(version)) {
    throw new UnsupportedRpcEnvelopeVersion(describe(version));
  }
  if (typeof message !== 'string') throw new MalformedMessage(`${MESSAGE_KEY} is not text`);
  return parseObject(message, MESSAGE_KEY);
}

/** The message, when the envelope is spelled as we and oslo.messaging write it: nearly always. */
function messageOf(text: string): string | undefined {
  if (!text.startsWith(HEAD) || !text.endsWith('"}')) return undefined;
  try {
    const message: unknown = JSON.parse(text.slice(HEAD.length, -1));
    return typeof message === 'string' ? message : undefined;
  } catch (error) {
    // There is more to it than the message.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parseObject(text: string, what: string): JsonObject {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) throw new MalformedMessage(`${what} is not JSON`);
    throw error;
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new MalformedMessage(`${what} is not a JSON object`);
  }
  return value;
}

function isReadable(version: JsonValue): boolean {
  if (typeof version !== 'string' || !/^\d+\.\d+(\.\d+)?$/.test(version)) return false;
  const [major, minor = 0, revision = 0] = version.split('.').map(Number);
  return major === MAJOR && minor <= MINOR && revision === 0;
}

/** What came as a version, short enough for a log line. */
function describe(version: JsonValue): string {
  return version === null || typeof version === 'object' ? 'that is no text' : String(version).slice(0, 50);
}
