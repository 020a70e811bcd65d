import type { ClientConfig } from 'pg';
import { DatabaseUrlError } from '../errors.ts';
import { type Parameters, TLS_PARAMETERS, type Tls, tlsAttempts } from './postgres-tls.ts';

/** Parameters that node-postgres reads as libpq does. */
const PASSED_ON = [
  'host',
  'port',
  'user',
  'password',
  'application_name',
  'fallback_application_name',
  'options',
] as const;

/** libpq's parameters that have no meaning here. */
const MEANINGLESS: readonly string[] = [
  'client_encoding',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'sslcompression',
  'sslsni',
  'target_session_attrs',
  'tcp_user_timeout',
  'uselibpqcompat',
];

/** libpq's parameters for features that are missing here; only values that do not insist on them are accepted. */
const NOT_DONE: readonly string[] = ['gssencmode', 'channel_binding'];

const READ_HERE: readonly string[] = [...TLS_PARAMETERS, 'connect_timeout', 'dbname'];

/** Where a PostgreSQL is, and how to connect to it. */
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

/**
 * Reads a URL whose parameters mean what they mean to libpq. Those that libpq would refuse, or that ask for something
 * missing here, are refused: nobody who asks for more security must wrongly believe to have it.
 *
 * @throws DatabaseUrlError
 */
export function postgresTarget(text: string, home?: string): PostgresTarget {
  const url = new URL(text);
  // Of several with the same name the last counts.
  const parameters = new Map(url.searchParams);
  for (const [name, value] of parameters) assertMeaning(name, value);
  const host = parameters.get('host') ?? decodeURIComponent(url.hostname);
  const port = parameters.get('port') ?? url.port;
  const isSocket = host === '' || host.startsWith('/');
  return {
    name: isSocket ? host || 'localhost' : `${host}:${port || '5432'}`,
    config: { connectionString: connectionString(url, parameters) },
    attempts: isSocket ? [false] : tlsAttempts(parameters, home),
    connectTimeout: timeoutOf(parameters.get('connect_timeout')),
  };
}

/** The URL for node-postgres: it reads other parameters in its own way, and lets some of them override its options. */
function connectionString(url: URL, parameters: Parameters): string {
  const passedOn = new URL(url);
  passedOn.search = '';
  for (const name of PASSED_ON) {
    const value = parameters.get(name);
    if (value !== undefined) passedOn.searchParams.set(name, value);
  }
  const database = parameters.get('dbname');
  if (database) passedOn.pathname = `/${encodeURIComponent(database)}`;
  return passedOn.href;
}

function assertMeaning(name: string, value: string): void {
  if (NOT_DONE.includes(name)) {
    if (value === 'disable' || value === 'prefer') return;
    throw new DatabaseUrlError(`${name}=${value} of the database connection is not supported`);
  }
  const known = [...READ_HERE, ...PASSED_ON, ...MEANINGLESS];
  if (known.includes(name)) return;
  throw new DatabaseUrlError(
    `${JSON.stringify(name)} is no parameter of a database connection: use ${[...READ_HERE, ...PASSED_ON].join(', ')}`,
  );
}

/** libpq takes 0 and less for none, and less than 2 for 2. */
function timeoutOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!Number.isInteger(seconds)) {
    throw new DatabaseUrlError(
      `connect_timeout ${JSON.stringify(text)} of the database connection is no number`,
    );
  }
  return seconds <= 0 ? undefined : Math.max(seconds, 2);
}
