import { boolean, integer, seconds, string } from '@mini-nova/config';

/** How a database is reached, under oslo.db's names. `connection`: the default. */
export const databaseOptions = (connection: string) =>
  ({
    database: {
      connection: string({
        default: connection,
        secret: true,
        deprecated: ['DEFAULT.sql_connection', 'sql_connection', 'sql.connection'],
        pattern: /^(sqlite|postgresql|postgres):\/\/\S*$/,
        allowed: 'a URL such as sqlite:////var/lib/nova/nova.sqlite or postgresql://user:password@host/nova',
        help: 'The database: sqlite:///path on one machine, sqlite:// in memory, postgresql://user:password@host:port/name for several hosts. A $ in a password is written $$.',
      }),
      connection_parameters: string({
        default: '',
        secret: true,
        allowed: 'parameters of a URL such as sslmode=verify-full&sslrootcert=/etc/ssl/db.pem',
        pattern: /^([^\s=&]+=[^\s&]*(&[^\s=&]+=[^\s&]*)*)?$/,
        help: 'Parameters to append to the URL of connection, where of two with the same name the later counts. They mean what they mean to libpq: sslmode, sslrootcert, sslcrl, sslcert, sslkey, ssl_min_protocol_version, application_name and others; one that cannot be heeded is refused.',
      }),
      max_pool_size: integer({
        default: 10,
        min: 1,
        max: 1000,
        unit: 'connections',
        deprecated: ['DEFAULT.sql_max_pool_size', 'sql_max_pool_size'],
        help: 'Connections to PostgreSQL that a process keeps; SQLite has one. One that nobody used for 10 seconds is closed.',
      }),
      max_overflow: integer({
        default: 0,
        min: 0,
        max: 1000,
        unit: 'connections',
        deprecated: ['DEFAULT.sql_max_overflow', 'sqlalchemy_max_overflow'],
        help: 'Connections beyond max_pool_size that a process may have while all are used.',
      }),
      pool_timeout: seconds({
        default: 30,
        deprecated: ['sqlalchemy_pool_timeout'],
        help: 'How long a statement waits until a connection is free.',
      }),
      connection_recycle_time: integer({
        default: 3600,
        min: -1,
        unit: 'seconds',
        help: 'A connection of this age is replaced when it is used next; -1: never.',
      }),
      connect_timeout: seconds({
        default: 5,
        help: 'How long connecting to PostgreSQL may take; 0: any time. A connect_timeout in the URL counts instead.',
      }),
      statement_timeout: seconds({
        default: 30,
        help: 'How long a statement may take in PostgreSQL; 0: any time. Twice as long a transaction may be idle. Behind a PgBouncer that refuses these as startup parameters it must be 0.',
      }),
      max_retries: integer({
        default: -1,
        min: -1,
        deprecated: ['DEFAULT.sql_max_retries', 'sql_max_retries'],
        help: 'Times that a daemon which starts tries again to reach the database; -1: until it is stopped.',
      }),
      retry_interval: seconds({
        default: 2,
        deprecated: ['DEFAULT.sql_retry_interval', 'reconnect_interval'],
        help: 'How long it waits before each.',
      }),
      db_max_retries: integer({
        default: 8,
        min: -1,
        help: 'Times that a transaction or statement is tried again while the database is away, or has no connection left, before it fails; -1: for ever. What has to answer sooner waits no longer than that.',
      }),
      db_retry_interval: seconds({
        default: 0.5,
        help: 'Wait before the second retry; the first comes at once.',
      }),
      db_inc_retry_interval: boolean({
        default: true,
        help: 'Whether the wait doubles for each further retry.',
      }),
      db_max_retry_interval: seconds({
        default: 2,
        help: 'To which the wait grows.',
      }),
      sqlite_synchronous: boolean({
        default: true,
        deprecated: ['DEFAULT.sqlite_synchronous'],
        help: 'Whether SQLite waits for the disk at each checkpoint. Without it, a power cut may destroy the file.',
      }),
      connection_debug: integer({
        default: 0,
        min: 0,
        max: 100,
        deprecated: ['DEFAULT.sql_connection_debug'],
        help: 'From 50 on each SQL statement is logged, with the time it took; never its values.',
      }),
    },
  }) as const;
