/** Bytes that the protocol has for the name of an exchange or a queue. */
const LIMIT = 255;
/** How much of such a name an error shows. */
const SHOWN = 40;

/** A name that cannot be sent to any broker. */
export class NameTooLong extends Error {
  override readonly name = 'NameTooLong';
}

/**
 * To be called before the library is given a name: it notices a long one only when it has begun the request, and its
 * channel then waits for an answer for good.
 *
 * @throws NameTooLong when it has more than 255 bytes
 */
export function checkName(kind: 'exchange' | 'queue', name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes <= LIMIT) return;
  throw new NameTooLong(
    `the name of the ${kind} "${name.slice(0, SHOWN)}…" has ${bytes} bytes, and may have ${LIMIT}`,
  );
}
