import { DatabaseUrlError } from './errors.ts';

export type Dialect = 'sqlite' | 'postgresql';

export type ConnectionUrl =
  | { dialect: 'sqlite' /** Null for a database in memory. */; path: string | null }
  | { dialect: 'postgresql'; url: string };

/**
 * Reads `[database] connection` as SQLAlchemy does: `sqlite://` is in memory, `sqlite:///a/b.sqlite` is relative to
 * the working directory, `sqlite:////a/b.sqlite` absolute, and the driver of `postgresql+psycopg2://` is dropped.
 */
export function parseConnectionUrl(connection: string): ConnectionUrl {
  const [, scheme, rest] = /^([a-z0-9]+)(?:\+[a-z0-9]+)?:\/\/(.*)$/is.exec(connection) ?? [];
  if (scheme === undefined || rest === undefined) throw unreadable();
  switch (scheme.toLowerCase()) {
    case 'sqlite':
      return { dialect: 'sqlite', path: sqlitePath(rest) };
    case 'postgresql':
    case 'postgres':
      return { dialect: 'postgresql', url: postgresUrl(rest) };
    default:
      throw new DatabaseUrlError(
        `Database scheme ${JSON.stringify(scheme)} is not known: use sqlite:// or postgresql://`,
      );
  }
}

function sqlitePath(rest: string): string | null {
  if (rest === '' || rest === '/' || rest === '/:memory:') return null;
  if (!rest.startsWith('/')) {
    throw new DatabaseUrlError(
      'An SQLite database has no host: use sqlite:///relative/path or sqlite:////absolute/path',
    );
  }
  return rest.slice(1).replace(/\?.*$/s, '');
}

function postgresUrl(rest: string): string {
  const url = `postgresql://${rest}`;
  if (!URL.canParse(url)) throw unreadable();
  return url;
}

// The text is not repeated: it may hold a password.
function unreadable(): DatabaseUrlError {
  return new DatabaseUrlError(
    'The database connection is not a URL such as sqlite:///nova.sqlite or postgresql://user:password@host/nova',
  );
}
