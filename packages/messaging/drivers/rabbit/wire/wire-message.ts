import { randomFillSync } from 'node:crypto';
import { UnsupportedRpcEnvelopeVersion } from '../../../errors.ts';
import type { JsonObject, JsonValue } from '../../../json.ts';
import type { Reply, Request, RpcMessage } from '../../driver.ts';

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

/** Random bytes are cheap by the thousand only. */
const POOL = Buffer.alloc(4_096);
const ID_DIGITS = 32;

let digits = '';
let used = 0;

/** 128 random bits as 32 hexadecimal digits, the form in which the wire carries ids. */
export function uniqueId(): string {
  if (used === digits.length) {
    digits = randomFillSync(POOL).toString('hex');
    used = 0;
  }
  const id = digits.slice(used, used + ID_DIGITS);
  used += ID_DIGITS;
  return id;
}

/** What a caller adds to a request so that it gets its answer. */
export interface CallFields {
  msgId: string;
  replyQueue: string;
  /** Seconds, or null when the call is not monitored. */
  callMonitorTimeout: number | null;
}

/** A payload with what travels beside it. */
export interface PackedMessage {
  payload: JsonObject;
  ctxt: JsonObject;
  /** By this, a message that is delivered again is recognised. */
  uniqueId?: string;
  call?: CallFields;
}

export interface WireRequest {
  ctxt: JsonObject;
  message: RpcMessage;
  /** Bytes of its body, unpacked. */
  size: number;
  uniqueId?: string;
  /** Absent in a cast. */
  call?: CallFields;
}

export interface WireReply extends Reply {
  msgId: string;
  uniqueId?: string;
  /** False for the sign of life of a monitored call, a multicall's result, and the first of an old peer's two messages. */
  ending: boolean;
  /** Of a multicall's result: its place, from 0. Of its last message: how many results went ahead. */
  seq?: number;
}

/** With `ending: false`. */
export const SIGN_OF_LIFE: Reply = { result: null, failure: null };

const CONTEXT_PREFIX = '_context_';
/** Longer names are noise, which must not fill logs and replies; no queue has a longer one. */
const NAME_LIMIT = 255;
const DRIVER_KEYS = new Set(['_msg_id', '_reply_q', '_timeout', '_unique_id']);

/** Lays the message out flat, keys in the order in which oslo.messaging writes them. */
export function packMessage(packed: PackedMessage): JsonObject {
  return addFields({ ...packed.payload }, packed);
}

/** Adds to a payload what travels beside it. */
function addFields(flat: JsonObject, { call, uniqueId, ctxt }: Omit<PackedMessage, 'payload'>): JsonObject {
  if (call !== undefined) {
    flat._msg_id = call.msgId;
    flat._reply_q = call.replyQueue;
    flat._timeout = call.callMonitorTimeout;
  }
  if (uniqueId !== undefined) flat._unique_id = uniqueId;
  for (const key of Object.keys(ctxt)) flat[CONTEXT_PREFIX + key] = ctxt[key];
  return flat;
}

/**
 * The reverse of `packMessage`.
 * @throws MalformedMessage when its id is too long
 */
export function unpackMessage(flat: JsonObject): PackedMessage {
  const { _msg_id: msgId, _reply_q: replyQueue, _timeout: timeout, _unique_id: uniqueId } = flat;
  const packed: PackedMessage = { payload: {}, ctxt: {} };
  for (const key of Object.keys(flat)) {
    if (key.startsWith(CONTEXT_PREFIX)) setField(packed.ctxt, key.slice(CONTEXT_PREFIX.length), flat[key]);
    else if (!DRIVER_KEYS.has(key)) setField(packed.payload, key, flat[key]);
  }
  if (typeof uniqueId === 'string') {
    // It is remembered for long.
    checkLength('its _unique_id', uniqueId);
    packed.uniqueId = uniqueId;
  }
  if (typeof msgId === 'string' && typeof replyQueue === 'string') {
    packed.call = { msgId, replyQueue, callMonitorTimeout: typeof timeout === 'number' ? timeout : null };
  }
  return packed;
}

/** A peer must not be able to set the prototype. */
function setField(object: JsonObject, key: string, value: JsonValue | undefined): void {
  if (key !== '__proto__') object[key] = value;
}

/** The body of a request; with `call` the server answers. */
export function encodeRequest(request: Request, uniqueId: string, call?: CallFields): Buffer {
  const { method, args, namespace, version } = request.message;
  const flat: JsonObject = { method, args };
  if (namespace != null) flat.namespace = namespace;
  if (version != null) flat.version = version;
  return sealEnvelope(addFields(flat, { ctxt: request.ctxt, uniqueId, ...(call && { call }) }));
}

/**
 * @throws MalformedMessage when the body is no request
 * @throws UnsupportedRpcEnvelopeVersion when its envelope is too new
 */
export function decodeRequest(body: Buffer): WireRequest {
  const { payload, ...beside } = unpackMessage(openEnvelope(body));
  if (beside.call !== undefined) {
    checkLength('its _reply_q', beside.call.replyQueue);
    checkLength('its _msg_id', beside.call.msgId);
  }
  return { ...beside, message: rpcMessage(payload), size: body.length };
}

function rpcMessage(payload: JsonObject): RpcMessage {
  const { method, args = {}, namespace = null, version = null } = payload;
  if (typeof method !== 'string') throw new MalformedMessage('it has no method');
  checkLength('the name of its method', method);
  if (args === null || typeof args !== 'object' || Array.isArray(args)) {
    throw new MalformedMessage('its args are not a JSON object');
  }
  if (!isTextOrNull(namespace)) throw new MalformedMessage('its namespace is not text');
  if (!isTextOrNull(version)) throw new MalformedMessage('its version is not text');
  checkLength('its namespace', namespace);
  checkLength('its version', version);
  return { method, args, ...(namespace !== null && { namespace }), ...(version !== null && { version }) };
}

function checkLength(what: string, name: string | null): void {
  if (name !== null && name.length > NAME_LIMIT) throw new MalformedMessage(`${what} is too long`);
}

/** The body of an answer; `ending: false`: of a sign of life. The last one of a multicall has `results`. */
export function encodeReply(msgId: string, uniqueId: string, reply: Reply, ending: boolean): Buffer {
  const { result, failure, results } = reply;
  const flat: JsonObject = { result, failure, ending, _msg_id: msgId, _unique_id: uniqueId };
  if (results !== undefined) flat._seq = results;
  return sealEnvelope(flat);
}

/** The body of one of a multicall's results; `seq` counts them from 0. */
export function encodeResult(msgId: string, uniqueId: string, result: JsonValue, seq: number): Buffer {
  const flat = { result, failure: null, ending: false, _msg_id: msgId, _unique_id: uniqueId, _seq: seq };
  return sealEnvelope(flat);
}

/** The body of the message that cancels a call; its properties say which. */
export function encodeCancel(): Buffer {
  return sealEnvelope({});
}

/** Without the suffix, a Python server would log an error for a method that it does not have. */
const ROLL_CALL_METHOD = 'roll_call_ignore_errors';

/**
 * The body of the message that asks the consumers of a queue which calls they have; its properties say whose. To a Python server
 * it is a cast to the interface that was called, without such a method.
 */
export function encodeRollCall(
  queue: string,
  uniqueId: string,
  { namespace, version }: Pick<RpcMessage, 'namespace' | 'version'>,
): Buffer {
  // As a request does it: an interface without a namespace is named without one.
  const named = namespace == null ? { version } : { namespace, version };
  const message = { method: ROLL_CALL_METHOD, args: { queue }, ...named };
  return encodeRequest({ ctxt: {}, message }, uniqueId);
}

/** The queue whose consumers are asked. @throws as `decodeRequest` */
export function decodeRollCall(body: Buffer): string {
  const { queue } = decodeRequest(body).message.args;
  if (typeof queue !== 'string') throw new MalformedMessage('it names no queue');
  return queue;
}

/** @throws MalformedMessage when the body is no reply; UnsupportedRpcEnvelopeVersion when its envelope is too new */
export function decodeReply(body: Buffer): WireReply {
  const flat = openEnvelope(body);
  const { result = null, failure = null, ending, _msg_id: msgId, _unique_id: uniqueId, _seq: seq } = flat;
  if (typeof msgId !== 'string') throw new MalformedMessage('it has no _msg_id');
  if (!isTextOrNull(failure)) throw new MalformedMessage('its failure is not text');
  const reply: WireReply = {
    result,
    failure: failure === '' ? null : failure,
    msgId,
    ending: ending === true,
  };
  if (typeof uniqueId === 'string') reply.uniqueId = uniqueId;
  if (seq !== undefined) reply.seq = sequenceNumber(seq);
  return reply;
}

function sequenceNumber(seq: JsonValue): number {
  if (typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0) return seq;
  throw new MalformedMessage('its _seq is not a whole number from 0');
}

function isTextOrNull(value: JsonValue): value is string | null {
  return value === null || typeof value === 'string';
}
