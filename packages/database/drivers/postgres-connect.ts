import { Socket } from 'node:net';
import pg from 'pg';
import { Countdown } from '../countdown.ts';
import { DatabaseRefused } from '../errors.ts';
import { boundedByPatience } from '../patience.ts';
import { codeOf } from './driver-errors.ts';
import { undone } from './outages.ts';
import type { PostgresTarget } from './postgres-target.ts';
import type { Tls } from './postgres-tls.ts';

/** Type oids of int8 and numeric, which count() and sum() return. All of ours are safe integers. */
const INT8 = 20;
const NUMERIC = 1700;

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 || oid === NUMERIC ? Number : pg.types.getTypeParser(oid, format as 'text'),
};

/** Milliseconds after which the system probes an idle connection, so that a vanished peer is eventually noticed. */
const KEEP_ALIVE_DELAY = 10_000;

/** Settings that are sent to the server at the start of a session. */
export interface SessionSettings {
  /** Milliseconds; 0: none. */
  connectTimeout: number;
  /** Milliseconds a statement may take; 0: the server's own limit. */
  statementTimeout: number;
}

/** A connected client and its socket, which can be destroyed when the other end is silent. */
export interface Connected {
  client: pg.Client;
  socket: Socket;
}

/**
 * Connects as `sslmode` says: where it leaves a choice, the other way is tried when the first is refused.
 *
 * @throws DatabaseRefused, DatabaseUnavailable
 */
export async function connectPostgres(target: PostgresTarget, settings: SessionSettings): Promise<Connected> {
  let refusal: unknown;
  for (const tls of target.attempts) {
    try {
      return await connectOnce(target, tls, settings);
    } catch (error) {
      if (!isRefusal(error)) throw explainedFor(target, error);
      // A server without TLS may still be connected to without it.
      if (refusal === undefined || isWithoutTls(refusal)) refusal = error;
    }
  }
  throw explainedFor(target, refusal);
}

async function connectOnce(
  { config }: PostgresTarget,
  tls: Tls,
  { connectTimeout, statementTimeout }: SessionSettings,
): Promise<Connected> {
  const socket = new Socket();
  const client = new pg.Client({
    ...config,
    ssl: tls,
    types,
    stream: () => socket,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY,
    ...(statementTimeout > 0 && {
      statement_timeout: statementTimeout,
      // A client that began a transaction and vanished must not go on holding its locks.
      idle_in_transaction_session_timeout: 2 * statementTimeout,
    }),
  });
  // An error before anyone listens makes connecting itself fail.
  client.on('error', () => {});
  const time = connectTimeout === 0 ? Number.POSITIVE_INFINITY : boundedByPatience(connectTimeout);
  const limit = new Countdown(time, () => socket.destroy(new Error('timeout expired')));
  try {
    await client.connect();
    return { client, socket };
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    limit.stop();
  }
}

/** Whether this way to connect was refused, so that another one may be tried. */
function isRefusal(error: unknown): boolean {
  return tlsFailure(error) !== undefined || codeOf(error) === '28000';
}

function explainedFor({ name }: PostgresTarget, error: unknown): unknown {
  const failure = tlsFailure(error);
  if (failure !== undefined) {
    return new DatabaseRefused(`${failure} (PostgreSQL at ${name}): ${messageOf(error)}`, { cause: error });
  }
  // Nothing had been asked yet.
  return undone(error);
}

/** OpenSSL's and Node's error codes for certificates that are not accepted. */
const certificateCodes = /CERT|LEAF_SIGNATURE|ISSUER|HOSTNAME_MISMATCH|IP_ADDRESS_MISMATCH|PATH_LENGTH|CRL_/;

/** Which part of TLS failed, if any. */
function tlsFailure(error: unknown): string | undefined {
  const code = codeOf(error);
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') return 'The TLS handshake failed';
  if (certificateCodes.test(code) && code !== '28000') return "The server's certificate was refused";
  return isWithoutTls(error) ? 'There is no TLS, which sslmode asks for' : undefined;
}

function isWithoutTls(error: unknown): boolean {
  return codeOf(error) === '' && /does not support SSL|establishing an SSL connection/.test(messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
