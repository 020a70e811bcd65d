import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { DatabaseUrlError } from '../errors.ts';

/** False: the connection is not encrypted. */
export type Tls = false | ConnectionOptions;

/**
 * libpq's `sslmode`: how to connect, in the order in which it is tried.
 *
 * | mode | encrypted | certificate |
 * |---|---|---|
 * | disable | never | |
 * | allow | when the server insists | as `require` |
 * | prefer, the default | when the server can | as `require` |
 * | require | always | checked when there is a root certificate, otherwise not |
 * | verify-ca | always | signed by the root certificate |
 * | verify-full | always | and made out to the host's name |
 */
export type SslMode = 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';

const modes: readonly SslMode[] = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/** Parameters of the URL that are read here; node-postgres, which reads them otherwise, does not see them. */
export const TLS_PARAMETERS = ['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword'] as const;

/** @throws DatabaseUrlError when a mode is not known, or a file cannot be read */
export function tlsAttempts(parameters: URLSearchParams, home = homedir()): Tls[] {
  const root = parameters.get('sslrootcert');
  const mode = sslModeOf(parameters.get('sslmode') ?? (root === 'system' ? 'verify-full' : 'prefer'));
  switch (mode) {
    case 'disable':
      return [false];
    case 'allow':
      return [false, tlsOptions(mode, parameters, home)];
    case 'prefer':
      return [tlsOptions(mode, parameters, home), false];
    default:
      return [tlsOptions(mode, parameters, home)];
  }
}

function sslModeOf(text: string): SslMode {
  const mode = modes.find((known) => known === text);
  if (mode === undefined) {
    throw new DatabaseUrlError(
      `sslmode ${JSON.stringify(text)} of the database connection is not known: use ${modes.join(', ')}`,
    );
  }
  return mode;
}

function tlsOptions(mode: SslMode, parameters: URLSearchParams, home: string): ConnectionOptions {
  const ca = rootCertificates(mode, parameters.get('sslrootcert'), home);
  return {
    ...ca,
    ...clientCertificate(parameters, home),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

/** As in libpq, a root certificate that is there is used, whatever the mode. */
function rootCertificates(mode: SslMode, given: string | null, home: string): ConnectionOptions {
  if (given === 'system') {
    if (mode === 'verify-full') return { rejectUnauthorized: true };
    throw new DatabaseUrlError(
      `sslrootcert=system of the database connection needs sslmode=verify-full, not ${mode}`,
    );
  }
  const file = given ?? join(home, '.postgresql', 'root.crt');
  if (existsSync(file)) return { ca: read(file, 'sslrootcert'), rejectUnauthorized: true };
  if (mode !== 'verify-ca' && mode !== 'verify-full') return { rejectUnauthorized: false };
  throw new DatabaseUrlError(
    `sslmode=${mode} of the database connection needs a root certificate: there is no ${file}`,
  );
}

function clientCertificate(parameters: URLSearchParams, home: string): ConnectionOptions {
  const given = parameters.get('sslcert');
  const file = given ?? join(home, '.postgresql', 'postgresql.crt');
  if (given === null && !existsSync(file)) return {};
  const passphrase = parameters.get('sslpassword');
  return {
    cert: read(file, 'sslcert'),
    key: read(parameters.get('sslkey') ?? join(home, '.postgresql', 'postgresql.key'), 'sslkey'),
    ...(passphrase !== null && { passphrase }),
  };
}

function read(file: string, parameter: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DatabaseUrlError(`${parameter} of the database connection cannot be read: ${reason}`, {
      cause: error,
    });
  }
}
