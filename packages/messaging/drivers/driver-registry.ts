import type { TransportEvent } from '../hooks.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../logger.ts';
import type { TransportUrl } from '../transport-url.ts';
import type { Driver } from './driver.ts';
import type { RabbitOptions } from './rabbit/rabbit-options.ts';

/** What a transport tells its driver. */
export interface DriverContext {
  /** The transport's name, for logs and for the broker's list of connections; '' when it has none. */
  name: string;
  /** The exchange of targets that name none. */
  controlExchange: string;
  logger: Logger;
  limits: Limits;
  /** Told of what happens to the transport; absent when nobody wants to know. */
  onEvent?: ((event: TransportEvent) => void) | undefined;
  /** Options of the RabbitMQ driver; others ignore them. */
  rabbit: RabbitOptions;
}

/**
 * Makes a driver and opens nothing: connections come with the first `send` or `listen`.
 * @throws DriverLoadFailure when the URL or the options do not fit the driver
 */
export type DriverFactory = (url: TransportUrl, context: DriverContext) => Driver;

const factories = new Map<string, DriverFactory>();

/** Makes `scheme://…` a transport URL. A built-in scheme can be replaced. */
export function registerDriver(scheme: string, factory: DriverFactory): void {
  factories.set(scheme.toLowerCase(), factory);
}

export function findDriver(scheme: string): DriverFactory | undefined {
  return factories.get(scheme);
}

export function registeredSchemes(): string[] {
  return [...factories.keys()];
}
