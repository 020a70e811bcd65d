import type { Driver } from './drivers/driver.ts';
import {
  type DriverFactory,
  findDriver,
  registerDriver,
  registeredSchemes,
} from './drivers/driver-registry.ts';
import { createMemoryDriver } from './drivers/memory/index.ts';
import { createRabbitDriver } from './drivers/rabbit/index.ts';
import type { RabbitOptions } from './drivers/rabbit/rabbit-options.ts';
import { DriverLoadFailure } from './errors.ts';
import { consoleLogger, type Logger } from './logger.ts';
import type { RpcEvent, RpcObserver } from './observer.ts';
import { parseTransportUrl } from './transport-url.ts';

const BUILT_IN_DRIVERS: Record<string, DriverFactory> = {
  memory: createMemoryDriver,
  fake: createMemoryDriver,
  rabbit: createRabbitDriver,
  amqp: createRabbitDriver,
  rabbits: createRabbitDriver,
  amqps: createRabbitDriver,
};
for (const [scheme, factory] of Object.entries(BUILT_IN_DRIVERS)) registerDriver(scheme, factory);

export interface TransportOptions {
  /** `memory://<bus>/`, or `rabbit://user:password@host:port[,user:password@host:port]/virtual_host`. */
  url: string;
  /** The exchange of targets that name none. Default `openstack`, as in oslo.messaging; Nova's is `nova`. */
  controlExchange?: string;
  /** Default: warnings and errors to standard error. */
  logger?: Logger;
  /** Shown in observers' events, in logs and in the broker's list of connections. Default ''. */
  name?: string;
  /** Told of each finished RPC. */
  observers?: readonly RpcObserver[];
  /** Seconds a call waits for its reply when neither its client nor its call context says. Default 60. */
  rpcResponseTimeout?: number;
  rabbit?: RabbitOptions;
  /**
   * The modules whose error classes may be rebuilt when they arrive (`nova.exception`); others arrive as
   * RemoteError. Default: all that are registered with `remoteErrors`.
   */
  allowedRemoteExmods?: readonly string[];
}

/** A way to other processes: what clients and servers are made with. It connects when first used. */
export class Transport {
  readonly driver: Driver;
  readonly controlExchange: string;
  readonly name: string;
  readonly observers: readonly RpcObserver[];
  readonly logger: Logger;
  /** Seconds. */
  readonly rpcResponseTimeout: number;
  readonly allowedRemoteExmods: readonly string[] | undefined;

  constructor(driver: Driver, options: Omit<TransportOptions, 'url' | 'rabbit'> = {}) {
    this.driver = driver;
    this.controlExchange = options.controlExchange ?? DEFAULT_EXCHANGE;
    this.name = options.name ?? '';
    this.observers = options.observers ?? [];
    this.logger = options.logger ?? consoleLogger;
    this.rpcResponseTimeout = options.rpcResponseTimeout ?? 60;
    this.allowedRemoteExmods = options.allowedRemoteExmods;
  }

  /** Tells the observers of a finished RPC. One that throws is logged; the RPC goes on. */
  notifyObservers(event: RpcEvent): void {
    for (const observer of this.observers) {
      try {
        observer(event);
      } catch (error) {
        // Whatever an observer throws, the RPC it watches must not notice.
        this.logger.error({ err: error, method: event.method }, 'An RPC observer failed');
      }
    }
  }

  /** Closes all connections. Pending calls fail with MessageDeliveryFailure. Idempotent. */
  close(): Promise<void> {
    return this.driver.close();
  }
}

const DEFAULT_EXCHANGE = 'openstack';

/**
 * The transport of a URL. Opens nothing yet.
 *
 * @throws InvalidTransportURL when the URL cannot be read
 * @throws DriverLoadFailure when no driver has the URL's scheme, or the options do not fit the driver
 */
export function getTransport(options: TransportOptions): Transport {
  const url = parseTransportUrl(options.url);
  const factory = findDriver(url.scheme);
  if (factory === undefined) {
    throw new DriverLoadFailure(
      url.scheme,
      `no driver has this scheme; there are ${registeredSchemes().join(', ')}`,
    );
  }
  const driver = factory(url, {
    name: options.name ?? '',
    controlExchange: options.controlExchange ?? DEFAULT_EXCHANGE,
    logger: options.logger ?? consoleLogger,
    rabbit: options.rabbit ?? {},
  });
  return new Transport(driver, options);
}
