import { randomUUID } from 'node:crypto';

/** A random UUID as 32 hexadecimal digits, the form in which the wire carries ids. */
export function uniqueId(): string {
  return randomUUID().replaceAll('-', '');
}
