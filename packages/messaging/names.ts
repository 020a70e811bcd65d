import type { Target } from './target.ts';

/** Bytes that AMQP 0-9-1 has for the name of an exchange or a queue, and for a routing key. */
const LIMIT = 255;
/** How much of such a name an error shows. */
const SHOWN = 40;
/** Of the ids that this package gives to queues. */
const ID = '0'.repeat(32);

/** A name that cannot be sent to any broker. */
export class NameTooLong extends TypeError {}

/**
 * Ahead of the AMQP library, which notices a long name only when it has begun the request, and its channel then waits
 * for an answer for good. @throws NameTooLong when the name has more bytes than any broker could be told
 */
export function checkName(kind: 'exchange' | 'queue', name: string | undefined): void {
  // A character has up to three bytes in UTF-8 for each unit of its length: short names need not be counted.
  if (name === undefined || name.length * 3 <= LIMIT) return;
  const bytes = Buffer.byteLength(name);
  if (bytes <= LIMIT) return;
  throw new NameTooLong(
    `The name of the ${kind} "${name.slice(0, SHOWN)}…" has ${bytes} bytes, and may have ${LIMIT}`,
  );
}

/** @throws TypeError when the name is so long that a server takes it for noise, and gives no answer */
export function checkWord(kind: 'method' | 'namespace' | 'version', name: string | null | undefined): void {
  if (name == null || name.length <= LIMIT) return;
  throw new TypeError(
    `The ${kind} "${name.slice(0, SHOWN)}…" has ${name.length} characters, and may have ${LIMIT}`,
  );
}

/** The names by which a request to the target travels, on any transport. @throws TypeError */
export function checkRequestNames(target: Target): void {
  const { exchange, topic = '', server, fanout, namespace, version } = target;
  checkWord('namespace', namespace);
  checkWord('version', version);
  if (fanout) {
    checkName('exchange', `${topic}_fanout`);
  } else {
    checkName('exchange', exchange);
    checkName('queue', server === undefined ? topic : `${topic}.${server}`);
  }
}

/** The names of all that a server of the target consumes, or leaves. @throws TypeError */
export function checkServerNames({ exchange, topic = '', server = '' }: Target): void {
  checkName('exchange', exchange);
  checkName('queue', `${topic}.${server}`);
  checkName('queue', `${topic}_fanout_${ID}`);
}

/** @throws TypeError */
export function checkNotificationNames(exchange: string | undefined, topic: string, priority: string): void {
  checkName('exchange', exchange);
  checkName('queue', `${topic}.${priority}`);
}
