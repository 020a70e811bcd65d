import { readFileSync } from 'node:fs';
import type { Options, SocketOptions } from 'amqplib';
import { DriverLoadFailure } from '../../../errors.ts';
import type { TransportHost, TransportUrl } from '../../../transport-url.ts';
import type { FailoverStrategy, RabbitSettings } from '../rabbit-options.ts';

/** One host of the broker, in the form the AMQP library takes. */
export interface BrokerAddress {
  /** host:port, for logs. */
  label: string;
  connect: Options.Connect;
  socket: SocketOptions;
}

const TLS_SCHEMES = new Set(['rabbits', 'amqps']);
const PORT = 5672;
const TLS_PORT = 5671;

/**
 * The hosts of a transport URL; localhost when it names none, guest where it names no user.
 * @throws DriverLoadFailure when a TLS file cannot be read
 */
export function brokerAddresses(url: TransportUrl, settings: RabbitSettings): BrokerAddress[] {
  const secureScheme = TLS_SCHEMES.has(url.scheme);
  const secure = secureScheme || settings.ssl;
  const socket: SocketOptions = {
    // Without it the kernel holds small frames back for up to 40 ms.
    noDelay: true,
    keepAlive: true,
    ...(secure && tlsFiles(settings)),
  };
  const hosts: TransportHost[] = url.hosts.length > 0 ? url.hosts : [{ hostname: 'localhost' }];
  return hosts.map((host) => {
    const port = host.port ?? (secureScheme ? TLS_PORT : PORT);
    const connect: Options.Connect = {
      protocol: secure ? 'amqps' : 'amqp',
      hostname: host.hostname,
      port,
      username: host.username ?? 'guest',
      password: host.password ?? 'guest',
      // The library percent-decodes it.
      vhost: encodeURIComponent(url.virtualHost || '/'),
      heartbeat: settings.heartbeatTimeoutThreshold,
    };
    return { label: `${host.hostname}:${port}`, connect, socket };
  });
}

/** Certificate and name are always verified; oslo.messaging does so only where further options ask for it. */
function tlsFiles(settings: RabbitSettings): SocketOptions {
  return {
    ...readFiles({ ca: settings.sslCaFile, cert: settings.sslCertFile, key: settings.sslKeyFile }),
    minVersion: 'TLSv1.2',
  };
}

function readFiles(files: Record<string, string | undefined>): Record<string, Buffer> {
  const contents: Record<string, Buffer> = {};
  for (const [name, path] of Object.entries(files)) {
    if (path === undefined || path === '') continue;
    try {
      contents[name] = readFileSync(path);
    } catch (error) {
      throw new DriverLoadFailure('rabbit', `the TLS file ${path} cannot be read`, { cause: error });
    }
  }
  return contents;
}

/**
 * The order in which the hosts of a URL are tried. Each connection starts at a different one, so that the clients of a
 * cluster spread over its nodes; after a lost connection the next host comes first.
 */
export class HostOrder {
  readonly #addresses: readonly BrokerAddress[];
  readonly #strategy: FailoverStrategy;
  #first = 0;

  constructor(addresses: readonly BrokerAddress[], strategy: FailoverStrategy) {
    this.#addresses = shuffled(addresses);
    this.#strategy = strategy;
  }

  /** All hosts, each once. */
  round(): BrokerAddress[] {
    if (this.#strategy === 'shuffle') return shuffled(this.#addresses);
    return [...this.#addresses.slice(this.#first), ...this.#addresses.slice(0, this.#first)];
  }

  /** The host after this one has the next turn. */
  connected(address: BrokerAddress): void {
    this.#first = (this.#addresses.indexOf(address) + 1) % this.#addresses.length;
  }
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
