import type { Options } from 'amqplib';
import { COMPRESSION_HEADERS } from '../wire/compression.ts';
import { SENT_AT, sentAtText } from '../wire/sent-at.ts';

/** RabbitMQ takes an expiration of at most 32 bits. */
const EXPIRATION_MAX = 0xffff_ffff;

/** Properties that only some messages have. */
export type MoreProperties = Pick<Options.Publish, 'type' | 'correlationId' | 'replyTo'> & {
  headers?: Readonly<Record<string, unknown>>;
};

export interface PublishOptions {
  /** Milliseconds. */
  expiration?: number | undefined;
  mandatory?: boolean | undefined;
  /** By performance.now(). */
  sentAt?: number | undefined;
  compressed?: boolean | undefined;
  properties?: MoreProperties | undefined;
}

/** The properties of every message: JSON text, persistent. */
export function publishOptions(more: PublishOptions = {}): Options.Publish {
  const { expiration, mandatory, sentAt, compressed, properties } = more;
  const options: Options.Publish = {
    contentType: 'application/json',
    contentEncoding: 'utf-8',
    deliveryMode: 2,
    priority: 0,
    headers: sentAt === undefined ? {} : { [SENT_AT]: sentAtText(sentAt) },
  };
  if (expiration !== undefined) options.expiration = expirationText(expiration);
  if (mandatory === true) options.mandatory = true;
  if (compressed === true) Object.assign(options.headers, COMPRESSION_HEADERS);
  if (properties !== undefined) addProperties(options, properties);
  return options;
}

function addProperties(options: Options.Publish, { headers, ...others }: MoreProperties): void {
  Object.assign(options, others);
  if (headers !== undefined) Object.assign(options.headers, headers);
}

/** Milliseconds as the text the property carries. */
export function expirationText(milliseconds: number): string {
  return String(Math.min(Math.max(Math.trunc(milliseconds), 0), EXPIRATION_MAX));
}

/** How often publishing is tried again: `retry` of the RPC client, where -1 and null mean forever. */
export function retries(retry: number | null | undefined): number {
  return retry === undefined || retry === null || retry < 0 ? Number.POSITIVE_INFINITY : retry;
}
