import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@mini-nova/config';
import { getTransport } from '@mini-nova/messaging';
import { expect, test } from 'vitest';
import { serviceOptions, transportOptions } from './index.ts';
import { daemonSchema } from './options/index.ts';
import { current } from './setting.ts';

const NOVA_CONF = `
[DEFAULT]
transport_url = rabbit://u:p@h1:5673,u:p@h2/vhost
control_exchange = nova2
rpc_response_timeout = 7
rpc_ping_enabled = true
graceful_shutdown_timeout = 9

[oslo_messaging_rabbit]
heartbeat_timeout_threshold = 11
rabbit_qos_prefetch_count = 12
rabbit_retry_interval = 13
rabbit_retry_backoff = 14
rabbit_interval_max = 15
amqp_durable_queues = true
amqp_auto_delete = true
rabbit_quorum_queue = true
rabbit_transient_quorum_queue = true
rabbit_transient_queues_ttl = 16
rabbit_quorum_delivery_limit = 17
rabbit_quorum_max_memory_length = 18
rabbit_quorum_max_memory_bytes = 19
kombu_missing_consumer_retry_timeout = 20
kombu_failover_strategy = shuffle
kombu_compression = gzip
ssl = true
ssl_ca_file = /ca.pem
ssl_cert_file = /cert.pem
ssl_key_file = /key.pem
`;

async function configOf(text: string) {
  const file = join(tmpdir(), `${randomUUID()}.conf`);
  await writeFile(file, text);
  return loadConfig({ schema: daemonSchema, configFiles: [file], env: {} });
}

test('each oslo.messaging option in nova.conf reaches the transport', async () => {
  const options = transportOptions(await configOf(NOVA_CONF));
  expect(options).toEqual({
    url: 'rabbit://u:p@h1:5673,u:p@h2/vhost',
    controlExchange: 'nova2',
    rpcResponseTimeout: 7,
    rabbit: {
      heartbeatTimeoutThreshold: 11,
      rabbitQosPrefetchCount: 12,
      rabbitRetryInterval: 13,
      rabbitRetryBackoff: 14,
      rabbitIntervalMax: 15,
      amqpDurableQueues: true,
      amqpAutoDelete: true,
      rabbitQuorumQueue: true,
      rabbitTransientQuorumQueue: true,
      rabbitTransientQueuesTtl: 16,
      rabbitQuorumDeliveryLimit: 17,
      rabbitQuorumMaxMemoryLength: 18,
      rabbitQuorumMaxMemoryBytes: 19,
      kombuMissingConsumerRetryTimeout: 20,
      kombuFailoverStrategy: 'shuffle',
      kombuCompression: 'gzip',
      ssl: true,
      sslCaFile: '/ca.pem',
      sslCertFile: '/cert.pem',
      sslKeyFile: '/key.pem',
    },
  });
});

test('the defaults are what the transport takes', async () => {
  const transport = getTransport(transportOptions(await configOf('')));
  expect(transport).toMatchObject({ controlExchange: 'nova', rpcResponseTimeout: 60, callMonitorTimeout: 5 });
  await transport.close();
});

test('the options of a service reach it', async () => {
  const config = await configOf(NOVA_CONF);
  const { rpcPingEnabled, gracefulShutdownTimeout } = serviceOptions(config);
  expect(rpcPingEnabled).toBe(true);
  expect(current(gracefulShutdownTimeout ?? 0)).toBe(9);
  expect(serviceOptions(await configOf(''))).toMatchObject({ rpcPingEnabled: false });
});

test('a graceful shutdown timeout of 0 is none, as in oslo.service', async () => {
  const config = await configOf('[DEFAULT]\ngraceful_shutdown_timeout = 0');
  expect(current(serviceOptions(config).gracefulShutdownTimeout ?? 0)).toBe(Number.POSITIVE_INFINITY);
});
