import type { ClientConfig } from 'pg';
import { DatabaseUrlError } from '../errors.ts';
import { TLS_PARAMETERS, type Tls, tlsAttempts } from './postgres-tls.ts';

/** Of libpq, without a meaning here, or read here. */
const OTHER_PARAMETERS = [
  'connect_timeout',
  'uselibpqcompat',
  'target_session_attrs',
  'gssencmode',
  'channel_binding',
];

/** Where a PostgreSQL is, and how one gets in. */
export interface PostgresTarget {
  /** `host:port`, for people. */
  readonly name: string;
  /** What is the same for every connection. */
  readonly config: ClientConfig;
  /** Ways to connect, in the order in which they are tried. */
  readonly attempts: readonly Tls[];
  /** Seconds; undefined: the URL does not say. */
  readonly connectTimeout: number | undefined;
}

/** Reads a URL whose parameters mean what libpq says. @throws DatabaseUrlError */
export function postgresTarget(text: string, home?: string): PostgresTarget {
  const url = new URL(text);
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname);
  const port = url.searchParams.get('port') ?? url.port;
  const isSocket = host === '' || host.startsWith('/');
  const attempts = isSocket ? [false as const] : tlsAttempts(url.searchParams, home);
  const connectTimeout = timeoutOf(url.searchParams.get('connect_timeout'));
  for (const parameter of [...TLS_PARAMETERS, ...OTHER_PARAMETERS]) url.searchParams.delete(parameter);
  return {
    name: isSocket ? host || 'localhost' : `${host}:${port || '5432'}`,
    config: { connectionString: url.href },
    attempts,
    connectTimeout,
  };
}

/** libpq takes 0 and less for none, and less than 2 for 2. */
function timeoutOf(text: string | null): number | undefined {
  if (text === null) return undefined;
  const seconds = Number(text);
  if (!Number.isInteger(seconds)) {
    throw new DatabaseUrlError(
      `connect_timeout ${JSON.stringify(text)} of the database connection is no number`,
    );
  }
  return seconds <= 0 ? undefined : Math.max(seconds, 2);
}
