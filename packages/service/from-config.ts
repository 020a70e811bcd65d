import { getTransport, type RabbitOptions, type TransportOptions } from '@mini-nova/messaging';
import type { DaemonConfig } from './options/index.ts';
import type { NotificationOptions, ServiceOptions } from './service.ts';

/** The arguments of `getTransport`, from the configuration. */
export function transportOptions(
  config: Pick<DaemonConfig, 'DEFAULT' | 'oslo_messaging_rabbit'>,
): Pick<TransportOptions, 'url' | 'controlExchange' | 'rpcResponseTimeout' | 'rabbit'> {
  return {
    url: config.DEFAULT.transport_url,
    controlExchange: config.DEFAULT.control_exchange,
    rpcResponseTimeout: config.DEFAULT.rpc_response_timeout,
    rabbit: rabbitOptions(config.oslo_messaging_rabbit),
  };
}

type NotifyingConfig = Pick<
  DaemonConfig,
  'DEFAULT' | 'notifications' | 'oslo_messaging_notifications' | 'oslo_messaging_rabbit'
>;

/**
 * The arguments of `Service.create` that come from the configuration. Options that can change while the service runs
 * are read from `config` each time they are needed.
 */
export function serviceOptions(
  config: NotifyingConfig,
): Pick<
  ServiceOptions,
  | 'host'
  | 'reportInterval'
  | 'serviceDownTime'
  | 'periodicEnable'
  | 'periodicFuzzyDelay'
  | 'runExternalPeriodicTasks'
  | 'gracefulShutdownTimeout'
  | 'rpcPingEnabled'
  | 'notifications'
> {
  return {
    host: config.DEFAULT.host,
    reportInterval: () => config.DEFAULT.report_interval,
    serviceDownTime: () => config.DEFAULT.service_down_time,
    periodicEnable: config.DEFAULT.periodic_enable,
    periodicFuzzyDelay: config.DEFAULT.periodic_fuzzy_delay,
    runExternalPeriodicTasks: config.DEFAULT.run_external_periodic_tasks,
    gracefulShutdownTimeout: () => gracefulShutdownTimeout(config),
    rpcPingEnabled: config.DEFAULT.rpc_ping_enabled,
    notifications: notificationOptions(config),
  };
}

function notificationOptions(config: NotifyingConfig): NotificationOptions {
  const { driver: drivers, topics, retry, transport_url: url } = config.oslo_messaging_notifications;
  const { notification_format: format, versioned_notifications_topics } = config.notifications;
  const options = {
    drivers,
    topics,
    retry,
    unversioned: format !== 'versioned',
    versionedTopics: format === 'unversioned' ? [] : versioned_notifications_topics,
  };
  if (url === null || drivers.length === 0) return options;
  const openTransport: NotificationOptions['openTransport'] = (name, logger) =>
    getTransport({ ...transportOptions(config), url, name: `${name} (notifications)`, logger });
  return { ...options, openTransport };
}

/** Seconds. As in oslo.service, 0 in the configuration means no limit: Infinity. */
export function gracefulShutdownTimeout({ DEFAULT }: Pick<DaemonConfig, 'DEFAULT'>): number {
  return DEFAULT.graceful_shutdown_timeout || Number.POSITIVE_INFINITY;
}

function rabbitOptions(group: DaemonConfig['oslo_messaging_rabbit']): RabbitOptions {
  return {
    heartbeatTimeoutThreshold: group.heartbeat_timeout_threshold,
    rabbitQosPrefetchCount: group.rabbit_qos_prefetch_count,
    rabbitRetryInterval: group.rabbit_retry_interval,
    rabbitRetryBackoff: group.rabbit_retry_backoff,
    rabbitIntervalMax: group.rabbit_interval_max,
    amqpDurableQueues: group.amqp_durable_queues,
    amqpAutoDelete: group.amqp_auto_delete,
    rabbitQuorumQueue: group.rabbit_quorum_queue,
    rabbitTransientQuorumQueue: group.rabbit_transient_quorum_queue,
    rabbitTransientQueuesTtl: group.rabbit_transient_queues_ttl,
    rabbitQuorumDeliveryLimit: group.rabbit_quorum_delivery_limit,
    rabbitQuorumMaxMemoryLength: group.rabbit_quorum_max_memory_length,
    rabbitQuorumMaxMemoryBytes: group.rabbit_quorum_max_memory_bytes,
    kombuMissingConsumerRetryTimeout: group.kombu_missing_consumer_retry_timeout,
    kombuFailoverStrategy: group.kombu_failover_strategy === 'shuffle' ? 'shuffle' : 'round-robin',
    ...(group.kombu_compression === 'gzip' && { kombuCompression: 'gzip' }),
    ssl: group.ssl,
    ...(group.ssl_ca_file !== null && { sslCaFile: group.ssl_ca_file }),
    ...(group.ssl_cert_file !== null && { sslCertFile: group.ssl_cert_file }),
    ...(group.ssl_key_file !== null && { sslKeyFile: group.ssl_key_file }),
  };
}
