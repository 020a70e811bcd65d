import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { listServices } from '@mini-nova/data/services/store';
import { type PrivatePostgres, startPostgres } from '@mini-nova/testing';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, createCertificate } from './support/certificate.ts';

let postgres: PrivatePostgres;
/** Issued to 127.0.0.1, and self-signed. */
let certificate: Certificate;
/** Somebody else's certificate. */
let other: Certificate;
/**
 * The URL of a server with TLS. The role `plain` is let in only without it, `secure` only with it, `broker` only with
 * a certificate.
 */
let url: string;
const opened: Database[] = [];

beforeAll(async () => {
  [postgres, certificate, other] = await Promise.all([
    startPostgres(),
    createCertificate(),
    createCertificate(),
  ]);
  url = await postgres.createDatabase();
  const admin = await openDatabase(url);
  await migrate(admin);
  await enableTls(admin);
  await admin.close();
  await postgres.stop('fast');
  await postgres.start();
});
afterAll(() => postgres?.close());
afterEach(() => Promise.all(opened.splice(0).map((db) => db.close())));

/** The server reads the files from its own folder, as its own user. */
async function enableTls({ kysely }: Database): Promise<void> {
  const files = {
    'server.crt': certificate.cert,
    'server.key': certificate.key,
    'root.crt': certificate.cert,
  };
  for (const [name, content] of Object.entries(files)) {
    const lines = content
      .toString()
      .trim()
      .split('\n')
      .map((line) => `('${line}')`);
    const program = `umask 077; cat > ${name}`;
    await sql.raw(`copy (values ${lines.join(', ')}) to program '${program}'`).execute(kysely);
  }
  const access = [
    'hostnossl all secure all reject',
    'hostssl all plain all reject',
    'hostssl all broker all cert',
    'host all all all trust',
  ].map((line) => `('${line}')`);
  await sql.raw(`copy (values ${access.join(', ')}) to program 'cat > pg_hba.conf'`).execute(kysely);
  for (const role of ['plain', 'secure', 'broker']) {
    await sql
      .raw(`create role ${role} login; grant select on all tables in schema public to ${role}`)
      .execute(kysely);
  }
  await sql`alter system set ssl = on`.execute(kysely);
  await sql`alter system set ssl_ca_file = 'root.crt'`.execute(kysely);
}

interface Way {
  role?: string;
  host?: string;
  parameters?: Record<string, string>;
}

async function open({ role, host, parameters = {} }: Way): Promise<Database> {
  const at = new URL(url);
  if (role) at.username = role;
  if (host) at.hostname = host;
  for (const [name, value] of Object.entries(parameters)) at.searchParams.set(name, value);
  const db = await openDatabase(at.href);
  opened.push(db);
  return db;
}

/** Whether the connection is encrypted, or why connecting failed. */
async function encrypted(way: Way): Promise<boolean | string> {
  try {
    const db = await open(way);
    await listServices(db.kysely);
    const query = sql<{ ssl: boolean }>`select ssl from pg_stat_ssl where pid = pg_backend_pid()`;
    return (await query.execute(db.kysely)).rows[0]?.ssl ?? 'unknown';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const refused = (reason: string) =>
  expect.stringMatching(
    new RegExp(
      `^The database cannot be used: The server's certificate was refused \\(PostgreSQL at \\S+:\\d+\\): .*${reason}`,
    ),
  );
const noEntry = expect.stringMatching(/cannot be used: pg_hba\.conf rejects connection/);

describe('sslmode, as libpq has it,', () => {
  it.each([
    ['disable', {}, false],
    ['allow', {}, false],
    ['prefer', {}, true],
    ['require', {}, true],
    // Where the server insists on one or the other.
    ['disable', { role: 'secure' }, noEntry],
    ['allow', { role: 'secure' }, true],
    ['prefer', { role: 'plain' }, false],
    ['require', { role: 'plain' }, noEntry],
  ])('%s connects as %o: encrypted is %s', async (sslmode, way, result) => {
    expect(await encrypted({ ...way, parameters: { sslmode } })).toEqual(result);
  });

  it('is prefer when nothing is said', async () => {
    expect(await encrypted({})).toBe(true);
  });

  it.each(['require', 'verify-ca', 'verify-full'])(
    '%s takes a certificate that the root has signed',
    async (sslmode) => {
      expect(await encrypted({ parameters: { sslmode, sslrootcert: certificate.file } })).toBe(true);
    },
  );

  it.each(['require', 'verify-ca', 'verify-full'])('%s refuses that of someone else', async (sslmode) => {
    const parameters = { sslmode, sslrootcert: other.file };
    expect(await encrypted({ parameters })).toEqual(refused('self-signed certificate'));
  });

  it('verify-full alone cares for the name', async () => {
    const way = (sslmode: string) => ({
      host: 'localhost',
      parameters: { sslmode, sslrootcert: certificate.file },
    });
    expect(await encrypted(way('verify-ca'))).toBe(true);
    expect(await encrypted(way('verify-full'))).toEqual(refused('Hostname/IP does not match'));
  });

  it('shows a certificate when it has one', async () => {
    const { file: sslcert, keyFile: sslkey } = certificate;
    const shown = (parameters: Record<string, string>) =>
      encrypted({ role: 'broker', parameters: { sslmode: 'require', ...parameters } });
    expect(await shown({})).toEqual(
      expect.stringMatching(/cannot be used: connection requires a valid client certificate/),
    );
    expect(await shown({ sslcert, sslkey })).toBe(true);
  });

  it('require says so when the server has no TLS, prefer does without', async () => {
    const plain = await startPostgres();
    try {
      const at = new URL(await plain.createDatabase());
      const ask = async (sslmode: string) => {
        at.searchParams.set('sslmode', sslmode);
        const db = await openDatabase(at.href);
        opened.push(db);
        const asked = db.kysely.selectNoFrom((eb) => eb.val(1).as('one')).execute();
        return asked.then(
          () => 'ok',
          (error: Error) => error.message,
        );
      };
      expect(await ask('prefer')).toBe('ok');
      expect(await ask('require')).toMatch(
        /cannot be used: There is no TLS, which sslmode asks for \(PostgreSQL at/,
      );
    } finally {
      await plain.close();
    }
  });

  it.each([
    [{ sslmode: 'sometimes' }, /sslmode "sometimes" of the database connection is not known/],
    [
      { sslmode: 'verify-ca', sslrootcert: '/nowhere/root.crt' },
      /needs a root certificate: there is no \/nowhere\/root\.crt/,
    ],
    [
      { sslmode: 'require', sslcert: '/nowhere/own.crt' },
      /sslcert of the database connection cannot be read: ENOENT/,
    ],
    [
      { sslmode: 'require', sslrootcert: 'system' },
      /sslrootcert=system of the database connection needs sslmode=verify-full/,
    ],
  ])('refuses %o', async (parameters, message) => {
    await expect(open({ parameters })).rejects.toMatchObject({
      code: 'DATABASE_URL',
      message: expect.stringMatching(message),
    });
  });
});
