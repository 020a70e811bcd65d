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

const protocols = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;

/** The parameters of a URL that are read here. */
export const TLS_PARAMETERS = [
  'ssl',
  'sslmode',
  'sslrootcert',
  'sslcrl',
  'sslcert',
  'sslkey',
  'sslpassword',
  'ssl_min_protocol_version',
  'ssl_max_protocol_version',
] as const;

/** The parameters of a URL, by name. */
export type Parameters = ReadonlyMap<string, string>;

/** @throws DatabaseUrlError when a mode is not known, or a file cannot be read */
export function tlsAttempts(parameters: Parameters, home = homedir()): Tls[] {
  const mode = modeOf(parameters);
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

function modeOf(parameters: Parameters): SslMode {
  const ssl = parameters.get('ssl');
  // JDBC's word, which libpq also knows.
  if (ssl !== undefined && ssl !== 'true') {
    throw new DatabaseUrlError('ssl of the database connection can only be true: use sslmode');
  }
  const least = parameters.get('sslrootcert') === 'system' ? 'verify-full' : ssl ? 'require' : 'prefer';
  return sslModeOf(parameters.get('sslmode') ?? least);
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

function tlsOptions(mode: SslMode, parameters: Parameters, home: string): ConnectionOptions {
  const ca = rootCertificates(mode, parameters.get('sslrootcert'), home);
  return {
    ...ca,
    ...(ca.rejectUnauthorized && revokedCertificates(parameters.get('sslcrl'), home)),
    ...clientCertificate(parameters, home),
    ...versions(parameters),
    ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
  };
}

/** As in libpq, an existing root certificate is used whatever the mode. */
function rootCertificates(mode: SslMode, given: string | undefined, home: string): ConnectionOptions {
  if (given === 'system') {
    if (mode === 'verify-full') return { rejectUnauthorized: true };
    throw new DatabaseUrlError(
      `sslrootcert=system of the database connection needs sslmode=verify-full, not ${mode}`,
    );
  }
  const file = given || join(home, '.postgresql', 'root.crt');
  if (existsSync(file)) return { ca: read(file, 'sslrootcert'), rejectUnauthorized: true };
  if (mode !== 'verify-ca' && mode !== 'verify-full') return { rejectUnauthorized: false };
  throw new DatabaseUrlError(
    `sslmode=${mode} of the database connection needs a root certificate: there is no ${file}`,
  );
}

/** Without a revocation list, revoked certificates are not detected. */
function revokedCertificates(given: string | undefined, home: string): ConnectionOptions {
  const file = given || join(home, '.postgresql', 'root.crl');
  return given || existsSync(file) ? { crl: read(file, 'sslcrl') } : {};
}

function clientCertificate(parameters: Parameters, home: string): ConnectionOptions {
  const given = parameters.get('sslcert');
  const file = given || join(home, '.postgresql', 'postgresql.crt');
  if (!given && !existsSync(file)) return {};
  const passphrase = parameters.get('sslpassword');
  return {
    cert: read(file, 'sslcert'),
    key: read(parameters.get('sslkey') || join(home, '.postgresql', 'postgresql.key'), 'sslkey'),
    ...(passphrase !== undefined && { passphrase }),
  };
}

function versions(parameters: Parameters): ConnectionOptions {
  const minVersion = versionOf(parameters, 'ssl_min_protocol_version');
  const maxVersion = versionOf(parameters, 'ssl_max_protocol_version');
  return { ...(minVersion && { minVersion }), ...(maxVersion && { maxVersion }) };
}

function versionOf(parameters: Parameters, name: string): (typeof protocols)[number] | undefined {
  const text = parameters.get(name);
  if (!text) return undefined;
  const version = protocols.find((known) => known.toLowerCase() === text.toLowerCase());
  if (version !== undefined) return version;
  throw new DatabaseUrlError(
    `${name} ${JSON.stringify(text)} of the database connection is not known: use ${protocols.join(', ')}`,
  );
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
