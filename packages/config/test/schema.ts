import { hostname } from 'node:os';
import { boolean, custom, integer, list, port, type Schema, seconds, string } from '../option.ts';

const help = 'Says what it is for.';

/** An option with a format of its own. */
const shelves = custom<readonly { readonly name: string; readonly size: number }[]>({
  name: 'shelves',
  type: 'JSON',
  allowed: 'a JSON list of shelves',
  parse(text) {
    try {
      return (JSON.parse(text) as object[]).map((shelf) => ({ size: 1, ...shelf }));
    } catch {
      return undefined;
    }
  },
  accepts: (value) => Array.isArray(value) && value.every(({ name }) => typeof name === 'string'),
  default: [{ name: 'first', size: 3 }],
  help,
});

/** Options of every kind, some under the names they have in nova.conf. */
export const schema = {
  DEFAULT: {
    host: string({
      default: hostname(),
      sampleDefault: '<host name>',
      pattern: /^[^\s/]+$/,
      maxBytes: 240,
      allowed: 'a name without blanks and slashes, of at most 240 bytes',
      help,
    }),
    state_path: string({ default: '/var/lib/nova', help }),
    debug: boolean({ default: false, mutable: true, help }),
    transport_url: string({
      default: 'rabbit://guest:guest@127.0.0.1:5672/',
      secret: true,
      pattern: /^(rabbit|memory):\/\/\S*$/,
      allowed: 'a rabbit:// or memory:// URL',
      help,
    }),
    control_exchange: string({ default: 'nova', pattern: /^\S+$/, allowed: 'a name without blanks', help }),
    rpc_response_timeout: seconds({ default: 60, min: 0.001, help }),
    report_interval: seconds({ default: 10, min: 0.1, mutable: true, help }),
    service_down_time: seconds({ default: 60, min: 0.1, mutable: true, help }),
    port: port({ default: 8774, help }),
    max_limit: integer({ default: 1000, min: 1, unit: 'items', mutable: true, help }),
  },
  conductor: { workers: integer({ default: 1, min: 1, max: 1024, unit: 'processes', help }) },
  database: {
    connection: string({
      default: 'sqlite:///$state_path/nova.sqlite',
      secret: true,
      deprecated: ['DEFAULT.sql_connection', 'sql_connection', 'sql.connection'],
      pattern: /^(sqlite|postgresql):\/\/\S*$/,
      allowed: 'a URL such as sqlite:////var/lib/nova.sqlite',
      help,
    }),
    connection_parameters: string({
      default: '',
      secret: true,
      pattern: /^([^\s=&]+=[^\s&]*(&[^\s=&]+=[^\s&]*)*)?$/,
      allowed: 'parameters of a URL',
      help,
    }),
    max_pool_size: integer({
      default: 10,
      min: 1,
      max: 1000,
      unit: 'connections',
      deprecated: ['DEFAULT.sql_max_pool_size', 'sql_max_pool_size'],
      help,
    }),
  },
  filter_scheduler: {
    enabled_filters: list({
      default: ['ComputeFilter', 'RamFilter'],
      choices: ['ComputeFilter', 'RamFilter', 'DiskFilter'],
      mutable: true,
      help,
    }),
  },
  network: { name: string({ default: 'private', pattern: /\S/, allowed: 'a name', help }) },
  scheduler: {
    max_attempts: integer({
      default: 3,
      min: 1,
      unit: 'hosts',
      mutable: true,
      deprecated: ['DEFAULT.scheduler_max_attempts'],
      help,
    }),
  },
  ssl: {
    enabled: boolean({ default: false, deprecated: ['use_ssl', 'DEFAULT.use_ssl'], help }),
    ca_file: string({ default: null, help }),
  },
  store: { shelves },
} as const satisfies Schema;
