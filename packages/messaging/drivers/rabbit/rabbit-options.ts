import { DriverLoadFailure } from '../../errors.ts';

export type FailoverStrategy = 'round-robin' | 'shuffle';
export type Compression = 'gzip';

/** What `[oslo_messaging_rabbit]` sets, in camelCase. Every option here is honoured; times are seconds. */
export interface RabbitOptions {
  /** The AMQP heartbeat: a broker silent for twice as long is taken for dead. 0 disables it. Default 60. */
  heartbeatTimeoutThreshold?: number;
  /**
   * How many requests a server runs at once, and the broker sends ahead to each of its consumers. 0, the default: as
   * many as `limits.intakeBytes` allows.
   */
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
  /**
   * How often a quorum queue delivers a message again whose consumer was lost, before the broker drops it. 0, the
   * default: without limit. It counts below `deliveryLimit`, and must not be smaller where that is used.
   */
  rabbitQuorumDeliveryLimit?: number;
  /** How many messages a quorum queue keeps in memory. 0, the default: no limit. */
  rabbitQuorumMaxMemoryLength?: number;
  /** How many bytes of messages a quorum queue keeps in memory. 0, the default: no limit. */
  rabbitQuorumMaxMemoryBytes?: number;
  /** For how long a reply or cast is tried again when there is no queue for it. Default 60. */
  kombuMissingConsumerRetryTimeout?: number;
  /**
   * Which host comes next when one is lost or does not answer: the URL's in turn (`round-robin`, the default; each
   * connection starts somewhere else), or in a new random order each time (`shuffle`).
   */
  kombuFailoverStrategy?: FailoverStrategy;
  /** How bodies are compressed. Default: not. Compressed messages are always understood. */
  kombuCompression?: Compression;
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
export type RabbitSettings = Required<Omit<RabbitOptions, Optional>> & Pick<RabbitOptions, Optional>;

type Optional = 'kombuCompression' | 'sslCaFile' | 'sslCertFile' | 'sslKeyFile';

/** A 16-bit field of the protocol. */
const SHORT_MAX = 65_535;
/** RabbitMQ takes x-expires in milliseconds, as a 32-bit number. */
const TTL_MAX = 4_294_967;
const DAY = 86_400;
/** RabbitMQ keeps what a queue's arguments say in 32 bits. */
const ARGUMENT_MAX = 0xffff_ffff;

/** What an option may be. One with choices or a range is checked; without an initial value it is a file's name. */
interface Kind {
  /** What holds where none is given. */
  initial?: number | boolean | string | undefined;
  choices?: readonly string[];
  min?: number;
  max?: number;
  integer?: boolean;
}

const KINDS: Record<keyof RabbitOptions, Kind> = {
  heartbeatTimeoutThreshold: { initial: 60, min: 0, max: SHORT_MAX, integer: true },
  rabbitQosPrefetchCount: { initial: 0, min: 0, max: SHORT_MAX, integer: true },
  rabbitRetryInterval: { initial: 1, min: 0, max: DAY, integer: false },
  rabbitRetryBackoff: { initial: 2, min: 0, max: DAY, integer: false },
  rabbitIntervalMax: { initial: 30, min: 0, max: DAY, integer: false },
  amqpDurableQueues: { initial: false },
  amqpAutoDelete: { initial: false },
  rabbitQuorumQueue: { initial: false },
  rabbitTransientQuorumQueue: { initial: false },
  rabbitTransientQueuesTtl: { initial: 1800, min: 1, max: TTL_MAX, integer: true },
  rabbitQuorumDeliveryLimit: { initial: 0, min: 0, max: ARGUMENT_MAX, integer: true },
  rabbitQuorumMaxMemoryLength: { initial: 0, min: 0, max: ARGUMENT_MAX, integer: true },
  rabbitQuorumMaxMemoryBytes: { initial: 0, min: 0, max: ARGUMENT_MAX, integer: true },
  kombuMissingConsumerRetryTimeout: { initial: 60, min: 0, max: DAY, integer: false },
  kombuFailoverStrategy: { initial: 'round-robin', choices: ['round-robin', 'shuffle'] },
  kombuCompression: { initial: undefined, choices: ['gzip'] },
  ssl: { initial: false },
  sslCaFile: {},
  sslCertFile: {},
  sslKeyFile: {},
};
const INITIAL = Object.fromEntries(Object.entries(KINDS).map(([name, { initial }]) => [name, initial]));

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
  const settings = { ...INITIAL, ...given, ...fromQuery(query) } as RabbitSettings;
  for (const [name, kind] of Object.entries(KINDS)) {
    const value: unknown = settings[name as keyof RabbitSettings];
    if (value !== undefined) check(name, value, kind);
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
    if (typeof kind.initial === 'boolean') return [name, flag(wireName, text)];
    if (kind.min === undefined) return [name, text];
    return [name, text === '' ? Number.NaN : Number(text)];
  });
  return Object.fromEntries(options);
}

function flag(name: string, text: string): boolean {
  if (/^(true|1|on|yes)$/i.test(text)) return true;
  if (/^(false|0|off|no)$/i.test(text)) return false;
  throw new DriverLoadFailure('rabbit', `option ${name} is "${text}", but must be true or false`);
}

function check(name: string, value: unknown, { choices, min, max, integer }: Kind): void {
  if (choices !== undefined && !choices.some((choice) => choice === value)) {
    refuse(name, value, choices.join(' or '));
  }
  if (min === undefined || max === undefined) return;
  const fits = typeof value === 'number' && value >= min && value <= max;
  if (fits && (!integer || Number.isInteger(value))) return;
  refuse(name, value, `${integer ? 'a whole number' : 'a number'} from ${min} to ${max}`);
}

function refuse(name: string, value: unknown, allowed: string): never {
  throw new DriverLoadFailure('rabbit', `option ${name} is ${String(value)}, but must be ${allowed}`);
}
