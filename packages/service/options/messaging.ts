import { boolean, integer, seconds, string } from '@mini-nova/config';

/** The bytes that a broker allows for an exchange's name. */
const NAME_BYTES = 255;
/** Seconds: the longest wait that the driver accepts. */
const DAY = 86_400;
/** RabbitMQ keeps the arguments of queues in 32 bits. */
const ARGUMENT_MAX = 0xffff_ffff;

/** The message bus and its RabbitMQ driver, under oslo.messaging's names. */
export const messagingOptions = {
  DEFAULT: {
    transport_url: string({
      default: 'rabbit://guest:guest@127.0.0.1:5672/',
      secret: true,
      pattern: /^(rabbits?|amqps?|memory|fake):\/\/\S*$/i,
      allowed: 'a rabbit://, rabbits:// or memory:// URL such as rabbit://user:password@host:5672/vhost',
      help: 'The message bus: rabbit:// (several hosts: rabbit://u:p@h1:5672,u:p@h2:5672/vhost), rabbits:// for TLS, or memory:// inside one process. Characters with a meaning in URLs are percent-encoded in user and password; a $ is written $$.',
    }),
    control_exchange: string({
      default: 'nova',
      pattern: /^\S+$/,
      maxBytes: NAME_BYTES,
      allowed: `a name without blanks, of at most ${NAME_BYTES} bytes`,
      help: 'The exchange under which topics live.',
    }),
    rpc_response_timeout: seconds({
      default: 60,
      min: 0.001,
      help: 'How long an RPC call waits for its answer.',
    }),
    rpc_ping_enabled: boolean({
      default: false,
      help: 'Answer oslo_rpc_server_ping, by which monitoring asks each RPC server whether it takes requests.',
    }),
  },
  oslo_messaging_rabbit: {
    heartbeat_timeout_threshold: integer({
      default: 60,
      min: 0,
      max: 65535,
      unit: 'seconds',
      help: 'The AMQP heartbeat: a connection silent for twice this long is taken for dead. 0: no heartbeats.',
    }),
    rabbit_qos_prefetch_count: integer({
      default: 0,
      min: 0,
      max: 65535,
      unit: 'messages',
      help: 'Requests that a server runs at once; the broker hands out no more of them. 0: no limit.',
    }),
    rabbit_retry_interval: seconds({ default: 1, max: DAY, help: 'First delay before connecting again.' }),
    rabbit_retry_backoff: seconds({
      default: 2,
      deprecated: ['DEFAULT.rabbit_retry_backoff'],
      max: DAY,
      help: 'By how much the delay grows with each failure.',
    }),
    rabbit_interval_max: seconds({ default: 30, max: DAY, help: 'Longest delay before connecting again.' }),
    amqp_durable_queues: boolean({
      default: false,
      deprecated: ['DEFAULT.amqp_durable_queues', 'DEFAULT.rabbit_durable_queues'],
      help: 'Queues and exchanges outlive a broker restart.',
    }),
    amqp_auto_delete: boolean({
      default: false,
      deprecated: ['DEFAULT.amqp_auto_delete'],
      help: 'Queues and exchanges go with their last user.',
    }),
    rabbit_quorum_queue: boolean({
      default: false,
      help: 'Topic queues are quorum queues. Needs durable queues, and declares them so.',
    }),
    rabbit_transient_quorum_queue: boolean({
      default: false,
      help: 'Reply and fanout queues are quorum queues, too.',
    }),
    rabbit_quorum_delivery_limit: integer({
      default: 0,
      min: 0,
      max: ARGUMENT_MAX,
      help: 'How often a quorum queue delivers a message again whose consumer was lost. 0: no limit.',
    }),
    rabbit_quorum_max_memory_length: integer({
      default: 0,
      min: 0,
      max: ARGUMENT_MAX,
      unit: 'messages',
      // oslo.messaging had this misspelling up to version 14.
      deprecated: ['rabbit_quroum_max_memory_length'],
      help: 'What a quorum queue keeps in memory. 0: no limit.',
    }),
    rabbit_quorum_max_memory_bytes: integer({
      default: 0,
      min: 0,
      max: ARGUMENT_MAX,
      unit: 'bytes',
      deprecated: ['rabbit_quroum_max_memory_bytes'],
      help: 'What a quorum queue keeps in memory. 0: no limit.',
    }),
    rabbit_transient_queues_ttl: integer({
      default: 1800,
      min: 1,
      max: 4_294_967,
      unit: 'seconds',
      help: 'The broker deletes reply and fanout queues unused for this long.',
    }),
    kombu_missing_consumer_retry_timeout: seconds({
      default: 60,
      deprecated: ['kombu_reconnect_timeout'],
      max: DAY,
      help: 'How long a reply or a cast is tried again while the queue it is for is missing.',
    }),
    kombu_failover_strategy: string({
      default: 'round-robin',
      choices: ['round-robin', 'shuffle'],
      help: 'How the next of several hosts is chosen when one is lost.',
    }),
    kombu_compression: string({
      default: null,
      choices: ['gzip'],
      help: 'How the bodies of messages are compressed. Compressed messages are always understood.',
    }),
    ssl: boolean({
      default: false,
      deprecated: ['rabbit_use_ssl', 'DEFAULT.rabbit_use_ssl'],
      help: 'Connect with TLS, as with a rabbits:// URL.',
    }),
    ssl_ca_file: string({
      default: null,
      deprecated: ['kombu_ssl_ca_certs', 'DEFAULT.kombu_ssl_ca_certs'],
      help: 'PEM file of the authorities that may sign the broker certificate.',
    }),
    ssl_cert_file: string({
      default: null,
      deprecated: ['kombu_ssl_certfile', 'DEFAULT.kombu_ssl_certfile'],
      help: 'PEM file of the client certificate.',
    }),
    ssl_key_file: string({
      default: null,
      deprecated: ['kombu_ssl_keyfile', 'DEFAULT.kombu_ssl_keyfile'],
      help: 'PEM file of the client key.',
    }),
  },
} as const;
