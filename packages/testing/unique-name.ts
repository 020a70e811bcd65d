import { randomBytes } from 'node:crypto';

/** A topic, exchange or queue name that no other test uses. */
export function uniqueTopic(prefix = 'topic'): string {
  return `${prefix}-${randomBytes(6).toString('hex')}`;
}
