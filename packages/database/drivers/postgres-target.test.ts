import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DatabaseUrlError } from '../errors.ts';
import { type PostgresTarget, postgresTarget } from './postgres-target.ts';

const home = mkdtempSync(join(tmpdir(), 'postgres-target-'));
afterAll(() => rmSync(home, { recursive: true }));
const file = join(home, 'some.pem');
writeFileSync(file, 'a certificate');

const target = (parameters: string): PostgresTarget =>
  postgresTarget(`postgresql://nova@db/nova?${parameters}`, home);

describe('parameters of a PostgreSQL URL', () => {
  const insecure = { rejectUnauthorized: false };
  const checked = { ca: 'a certificate', rejectUnauthorized: true };

  it.each([
    ['', [insecure, false]],
    ['sslmode=disable', [false]],
    ['ssl=true', [insecure]],
    ['ssl=true&sslmode=disable', [false]],
    ['sslmode=disable&sslmode=require', [insecure]],
    [`sslmode=verify-full&sslrootcert=${file}&sslcrl=${file}`, [{ ...checked, crl: 'a certificate' }]],
    ['sslmode=require&ssl_min_protocol_version=tlsv1.3', [{ ...insecure, minVersion: 'TLSv1.3' }]],
    ['sslmode=require&ssl_max_protocol_version=TLSv1.2', [{ ...insecure, maxVersion: 'TLSv1.2' }]],
    ['sslmode=require&sslrootcert=&sslcert=', [insecure]],
  ])('%j lead to these ways to connect', (parameters, attempts) => {
    const found = target(parameters).attempts.map((tls) => tls && { ...tls, checkServerIdentity: undefined });
    expect(found).toEqual(attempts);
  });

  it.each([
    ['sslmode=require&connect_timeout=3&keepalives=1&gssencmode=prefer', 'postgresql://nova@db/nova'],
    ['application_name=a&options=-c%20b', 'postgresql://nova@db/nova?application_name=a&options=-c+b'],
    ['dbname=other', 'postgresql://nova@db/other'],
  ])('%j reach node-postgres only as far as it reads them as libpq does', (parameters, url) => {
    expect(target(parameters).config.connectionString).toBe(url);
  });

  it.each([
    'ssl=0',
    'ssl=false',
    'ssl=no-verify',
    'sslmode=',
    'sslmode=REQUIRE',
    'sslmode=require&ssl_min_protocol_version=TLSv9',
    `sslmode=require&sslrootcert=${file}&sslcrl=/nothere`,
    'requiressl=1',
    'sslnegotiation=direct',
    'gssencmode=require',
    'channel_binding=require',
    'hostaddr=127.0.0.1',
    'statement_timeout=1',
    'connect_timeout=x',
  ])('that libpq would refuse, or that mean something else here, are refused: %s', (parameters) => {
    expect(() => target(parameters)).toThrow(DatabaseUrlError);
  });
});
