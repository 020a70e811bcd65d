import { integer, string } from '../option-types.ts';

export const database = {
  connection: string({
    default: 'sqlite:///$state_path/nova.sqlite',
    secret: true,
    deprecated: ['DEFAULT.sql_connection', 'sql_connection', 'sql.connection'],
    pattern: /^(sqlite|postgresql|postgres):\/\/\S*$/,
    allowed: 'a URL such as sqlite:////var/lib/nova/nova.sqlite or postgresql://user:password@host/nova',
    help: 'The database: sqlite:///path on one machine, sqlite:// in memory, postgresql://user:password@host:port/name for several hosts. Computes do not use it. A $ in a password is written $$.',
  }),
  max_pool_size: integer({
    default: 10,
    min: 1,
    max: 1000,
    unit: 'connections',
    deprecated: ['DEFAULT.sql_max_pool_size', 'sql_max_pool_size'],
    help: 'Most connections to PostgreSQL per process; SQLite has one.',
  }),
} as const;
