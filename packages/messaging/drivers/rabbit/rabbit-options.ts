import { DriverLoadFailure } from '../../errors.ts';

/** What `[oslo_messaging_rabbit]` sets, in camelCase. Every option here is honoured; times are seconds. */
export interface RabbitOptions {
  /** The AMQP heartbeat: a broker silent for twice as long is taken for dead. 0 disables it. Default 60. */
  heartbeatTimeoutThreshold?: number;
  /** How many unacknowledged requests the broker may send ahead to one consumer; 0, the default: no limit. */
  rabbitQosPrefetchCount?: number;
  /** The longest first wait before connecting again. Default 1. */
  rabbitRetryInterval?: number;
  /** How much longer each further wait may be. Default 2. */
  rabbitRetryBackoff?: number;
  /** What no wait exceeds. Default 30. */
  rabbitIntervalMax?: number;
  /** Topic exchanges and queues survive a broker restart. Default false. */
  amqpDurableQueues?: boolean;
  /** Topic exchanges and queues go when their last user has gone. Default false. */
  amqpAutoDelete?: boolean;
  /** Topic queues are quorum queues, and thereby durable. Default false. */
  rabbitQuorumQueue?: boolean;
  /** Reply and fanout queues are quorum queues, and thereby durable. Default false. */
  rabbitTransientQuorumQueue?: boolean;
  /** Unused for so long, a reply or fanout queue is deleted by the broker. Default 1800. */
  rabbitTransientQueuesTtl?: number;
  /** For how long a reply, call or cast is tried again when there is no queue for it. Default 60. */
  kombuMissingConsumerRetryTimeout?: number;
  /** TLS. The URL schemes rabbits:// and amqps:// turn it on as well. Default false. */
  ssl?: boolean;
  /** Certificates (PEM) that the broker's must be signed by; without it, those that Node.js trusts. */
  sslCaFile?: string;
  /** The client's certificate (PEM). */
  sslCertFile?: string;
  /** The key of the client's certificate (PEM). */
  sslKeyFile?: string;
}

/** All options, given or by default. */
export type RabbitSettings = Required<Omit<RabbitOptions, 'sslCaFile' | 'sslCertFile' | 'sslKeyFile'>> &
  Pick<RabbitOptions, 'sslCaFile' | 'sslCertFile' | 'sslKeyFile'>;

const DEFAULTS: RabbitSettings = {
  heartbeatTimeoutThreshold: 60,
  rabbitQosPrefetchCount: 0,
  rabbitRetryInterval: 1,
  rabbitRetryBackoff: 2,
  rabbitIntervalMax: 30,
  amqpDurableQueues: false,
  amqpAutoDelete: false,
  rabbitQuorumQueue: false,
  rabbitTransientQuorumQueue: false,
  rabbitTransientQueuesTtl: 1800,
  kombuMissingConsumerRetryTimeout: 60,
  ssl: false,
};

/** A 16-bit field of the protocol. */
const SHORT_MAX = 65_535;
/** RabbitMQ takes x-expires in milliseconds, as a 32-bit number. */
const TTL_MAX = 4_294_967;
const DAY = 86_400;

interface NumberKind {
  min: number;
  max: number;
  integer: boolean;
}

const KINDS: Record<keyof RabbitOptions, NumberKind | 'flag' | 'file'> = {
  heartbeatTimeoutThreshold: { min: 0, max: SHORT_MAX, integer: true },
  rabbitQosPrefetchCount: { min: 0, max: SHORT_MAX, integer: true },
  rabbitRetryInterval: { min: 0, max: DAY, integer: false },
  rabbitRetryBackoff: { min: 0, max: DAY, integer: false },
  rabbitIntervalMax: { min: 0, max: DAY, integer: false },
  amqpDurableQueues: 'flag',
  amqpAutoDelete: 'flag',
  rabbitQuorumQueue: 'flag',
  rabbitTransientQuorumQueue: 'flag',
  rabbitTransientQueuesTtl: { min: 1, max: TTL_MAX, integer: true },
  kombuMissingConsumerRetryTimeout: { min: 0, max: DAY, integer: false },
  ssl: 'flag',
  sslCaFile: 'file',
  sslCertFile: 'file',
  sslKeyFile: 'file',
};

/**
 * The options with their defaults. A transport URL's query (`?ssl=true&rabbit_retry_interval=2`, with
 * oslo.messaging's names) is stronger than the options.
 *
 * @throws DriverLoadFailure naming the option, its value and what is allowed
 */
export function rabbitSettings(
  options: RabbitOptions = {},
  query: Readonly<Record<string, string>> = {},
): RabbitSettings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings: RabbitSettings = { ...DEFAULTS, ...given, ...fromQuery(query) };
  for (const [name, kind] of Object.entries(KINDS)) {
    const value: unknown = settings[name as keyof RabbitSettings];
    if (typeof kind === 'object' && !isNumber(value, kind)) refuse(name, value, kind);
  }
  return settings;
}

function fromQuery(query: Readonly<Record<string, string>>): RabbitOptions {
  const options = Object.entries(query).map(([wireName, text]) => {
    const name = wireName.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
    const kind = KINDS[name as keyof RabbitOptions];
    if (kind === undefined) {
      throw new DriverLoadFailure('rabbit', `the URL's query has ${wireName}, which is no option`);
    }
    if (kind === 'file') return [name, text];
    if (kind === 'flag') return [name, flag(wireName, text)];
    return [name, text === '' ? Number.NaN : Number(text)];
  });
  return Object.fromEntries(options);
}

function flag(name: string, text: string): boolean {
  if (/^(true|1|on|yes)$/i.test(text)) return true;
  if (/^(false|0|off|no)$/i.test(text)) return false;
  throw new DriverLoadFailure('rabbit', `option ${name} is "${text}", but must be true or false`);
}

function isNumber(value: unknown, { min, max, integer }: NumberKind): boolean {
  return typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value));
}

function refuse(name: string, value: unknown, { min, max, integer }: NumberKind): never {
  const kind = integer ? 'a whole number' : 'a number';
  throw new DriverLoadFailure(
    'rabbit',
    `option ${name} is ${String(value)}, but must be ${kind} from ${min} to ${max}`,
  );
}
