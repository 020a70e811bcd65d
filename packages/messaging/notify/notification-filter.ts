import { given } from '../collections.ts';
import type { ReceivedNotification } from './notification.ts';

/** A regular expression; as text or compiled. */
export type Pattern = string | RegExp;

/** Patterns for fields by their names. */
export type FieldPatterns = Readonly<Record<string, Pattern>>;

/** What must match; an option that is absent accepts everything. */
export interface NotificationFilterOptions {
  context?: FieldPatterns;
  publisherId?: Pattern;
  eventType?: Pattern;
  /** Of `message_id` and `timestamp`. */
  metadata?: FieldPatterns;
  /** Of the payload's own fields, not those further inside. */
  payload?: FieldPatterns;
}

/**
 * Which notifications an endpoint is told of: those that match all patterns. A pattern must match from the beginning of
 * the text, as in oslo.messaging, but not to its end. A field that is missing or no text does not match.
 *
 *     new NotificationFilter({ publisherId: 'compute\\.', payload: { state: 'active$' } })
 */
export class NotificationFilter {
  /** Of the notification's own fields. */
  readonly #own: [string, RegExp][];
  readonly #context: [string, RegExp][];
  readonly #metadata: [string, RegExp][];
  readonly #payload: [string, RegExp][];

  /**
   * @throws SyntaxError when a pattern is no regular expression
   * @throws TypeError when it is neither text nor a RegExp, or there is no such option: it would match everything
   */
  constructor({ publisherId, eventType, context, metadata, payload, ...others }: NotificationFilterOptions) {
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) throw new TypeError(`A filter of notifications has no option ${unknown}`);
    this.#own = byField(given({ publisherId, eventType }));
    this.#context = byField(context);
    this.#metadata = byField(metadata);
    this.#payload = byField(payload);
  }

  matches(notification: ReceivedNotification): boolean {
    const { ctxt, metadata, payload } = notification;
    return (
      matchesFields(notification, this.#own) &&
      matchesFields(ctxt, this.#context) &&
      matchesFields(metadata, this.#metadata) &&
      matchesFields(payload, this.#payload)
    );
  }
}

function byField(patterns: FieldPatterns = {}): [string, RegExp][] {
  if (typeof patterns !== 'object' || patterns === null)
    throw new TypeError('Patterns for fields need their names');
  return Object.entries(patterns).map(([field, pattern]) => [field, anchored(pattern)]);
}

/** With the sticky flag, an expression matches only where `lastIndex` is: at the beginning. */
function anchored(pattern: Pattern): RegExp {
  if (typeof pattern !== 'string' && !(pattern instanceof RegExp)) {
    throw new TypeError(`${String(pattern)} is neither text nor a RegExp`);
  }
  const { source, flags } = new RegExp(pattern);
  return new RegExp(source, `${flags.replace(/[gy]/g, '')}y`);
}

function matchesText(value: unknown, pattern: RegExp): boolean {
  if (typeof value !== 'string') return false;
  pattern.lastIndex = 0;
  return pattern.test(value);
}

function matchesFields(value: unknown, patterns: readonly [string, RegExp][]): boolean {
  if (patterns.length === 0) return true;
  if (value === null || typeof value !== 'object') return false;
  const fields = value as Record<string, unknown>;
  return patterns.every(([field, pattern]) => matchesText(fields[field], pattern));
}
