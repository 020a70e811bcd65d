import { Activity } from './activity.ts';
import type { Driver, DriverFactory } from './drivers/driver.ts';
import { MemoryDriver } from './drivers/memory/memory-driver.ts';
import { RabbitDriver } from './drivers/rabbit/rabbit-driver.ts';
import type { RabbitOptions } from './drivers/rabbit/rabbit-options.ts';
import { DriverLoadFailure, MessageDeliveryFailure } from './errors.ts';
import { Hooks, type RpcHooks } from './hooks.ts';
import { checkSeconds, type Limits, limitsWith, MAX_TIMER } from './limits.ts';
import { consoleLogger, type Logger, reasonText } from './logger.ts';
import { checkName } from './names.ts';
import { parseTransportUrl } from './transport-url.ts';

const memory: DriverFactory = (url, context) => new MemoryDriver(url, context);
const rabbit: DriverFactory = (url, context) => new RabbitDriver(url, context);
const factories = new Map<string, DriverFactory>(
  Object.entries({ memory, fake: memory, rabbit, amqp: rabbit, rabbits: rabbit, amqps: rabbit }),
);

/** Makes `scheme://…` a transport URL. A built-in scheme can be replaced. */
export function registerDriver(scheme: string, factory: DriverFactory): void {
  factories.set(scheme.toLowerCase(), factory);
}

/** The options of a transport; only `url` is required. Times in seconds. */
export interface TransportOptions {
  /** `memory://<bus>/`, or `rabbit://user:password@host:port[,user:password@host:port]/virtual_host`. */
  url: string;
  /** The exchange of targets that name none. Default `openstack`, as in oslo.messaging; Nova's is `nova`. */
  controlExchange?: string;
  /** Default: warnings and errors to standard error. */
  logger?: Logger;
  /** Shown in hooks' events, in logs and in the broker's list of connections. Default ''. */
  name?: string;
  /** For metrics, tracing and logs. */
  hooks?: readonly RpcHooks[];
  /** Seconds a call waits for its reply when neither its client nor its call context says. Default 60. */
  rpcResponseTimeout?: number;
  /**
   * Seconds of silence after which a call's server becomes suspect, when neither its client nor its call context says.
   * Only calls that would wait longer are monitored. Default 5; null: calls are not monitored.
   */
  callMonitorTimeout?: number | null;
  rabbit?: RabbitOptions;
  /** Bounds of the memory used. */
  limits?: Partial<Limits>;
  /**
   * The modules whose error classes may be rebuilt when they arrive (`nova.exception`); others arrive as
   * RemoteError. Default: all that are registered with `remoteErrors`.
   */
  allowedRemoteExmods?: readonly string[];
}

/** Options of `Transport.ready`. */
export interface ReadyOptions {
  /** Seconds. Default 5. */
  timeout?: number;
}

/** A way to other processes: what clients and servers are made with. It connects when first used. */
export class Transport {
  readonly driver: Driver;
  readonly controlExchange: string;
  readonly name: string;
  readonly logger: Logger;
  /** Seconds. */
  readonly rpcResponseTimeout: number;
  /** Seconds; null: calls are not monitored. */
  readonly callMonitorTimeout: number | null;
  readonly limits: Limits;
  readonly allowedRemoteExmods: readonly string[] | undefined;
  /** What is under way at the moment: `serving` and `calling`. */
  readonly activity = new Activity();
  readonly hooks: Hooks;
  /** The callers that wait for the driver to be ready. */
  readonly #waits = new Set<AbortController>();
  #closed = false;

  /** @throws TypeError when a limit or a timeout is not a number above zero, or the logger or the exchange is none */
  constructor(driver: Driver, options: Omit<TransportOptions, 'url' | 'rabbit'> = {}) {
    checkOptions(options);
    this.driver = driver;
    this.controlExchange = options.controlExchange ?? DEFAULT_EXCHANGE;
    this.name = options.name ?? '';
    this.logger = options.logger ?? consoleLogger;
    this.rpcResponseTimeout = options.rpcResponseTimeout ?? DEFAULT_RPC_RESPONSE_TIMEOUT;
    const { callMonitorTimeout = DEFAULT_CALL_MONITOR_TIMEOUT } = options;
    this.callMonitorTimeout = callMonitorTimeout;
    this.limits = limitsWith(options.limits);
    this.allowedRemoteExmods = options.allowedRemoteExmods;
    this.hooks = new Hooks(options.hooks, this.logger);
  }

  /**
   * Resolves once the broker can be used: it is connected, connecting if need be, and the servers and listeners that
   * were started on this transport consume. While a connection is being made again it waits for that.
   *
   * @throws MessageDeliveryFailure when that is not so within the timeout, and says why; when the transport is closed
   * @throws TypeError when the timeout is not a number above 0
   */
  async ready({ timeout = DEFAULT_READY_TIMEOUT }: ReadyOptions = {}): Promise<void> {
    checkSeconds('timeout', timeout);
    if (this.#closed) throw closedError();
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(), Math.min(timeout * 1000, MAX_TIMER));
    this.#waits.add(patience);
    try {
      await this.driver.ready?.(patience.signal);
    } catch (error) {
      if (!this.#closed) throw notReady(error, patience.signal.aborted ? timeout : undefined);
    } finally {
      clearTimeout(timer);
      this.#waits.delete(patience);
    }
    if (this.#closed) throw closedError();
  }

  /** Closes all connections. Pending calls fail with MessageDeliveryFailure. Idempotent. */
  close(): Promise<void> {
    this.#closed = true;
    for (const patience of this.#waits) patience.abort();
    return this.driver.close();
  }

  /** `close`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Checked where they are given, since nobody may see an error where they are first needed. */
function checkOptions(options: Omit<TransportOptions, 'url'>): void {
  const { logger, controlExchange, rpcResponseTimeout, callMonitorTimeout } = options;
  checkSeconds('rpcResponseTimeout', rpcResponseTimeout ?? undefined);
  checkSeconds('callMonitorTimeout', callMonitorTimeout ?? undefined);
  for (const level of ['debug', 'info', 'warn', 'error'] as const) {
    if (logger !== undefined && typeof logger[level] !== 'function') {
      throw new TypeError(`The logger has no method ${level}`);
    }
  }
  if (controlExchange !== undefined && (typeof controlExchange !== 'string' || controlExchange === '')) {
    throw new TypeError('controlExchange is given, but is no name');
  }
  checkName('exchange', controlExchange);
}

const DEFAULT_EXCHANGE = 'openstack';
/** Seconds. */
const DEFAULT_RPC_RESPONSE_TIMEOUT = 60;
/** Seconds. */
const DEFAULT_CALL_MONITOR_TIMEOUT = 5;
/** Seconds. */
const DEFAULT_READY_TIMEOUT = 5;

function closedError(): MessageDeliveryFailure {
  return new MessageDeliveryFailure('The transport is closed');
}

/** @param seconds of waiting in vain; undefined when the driver did not wait */
function notReady(cause: unknown, seconds: number | undefined): MessageDeliveryFailure {
  const when = seconds === undefined ? 'is not ready' : `was not ready within ${seconds} s`;
  const reason = cause instanceof Error ? cause.message : reasonText(cause);
  return new MessageDeliveryFailure(`The transport ${when}: ${reason}`, { cause });
}

/**
 * The transport of a URL. Opens nothing yet.
 *
 * @throws InvalidTransportURL when the URL cannot be read
 * @throws DriverLoadFailure when no driver has the URL's scheme, or the options do not fit the driver
 * @throws TypeError as `Transport`
 */
export function getTransport(options: TransportOptions): Transport {
  const url = parseTransportUrl(options.url);
  checkOptions(options);
  const factory = factories.get(url.scheme);
  if (factory === undefined) {
    const schemes = [...factories.keys()].join(', ');
    throw new DriverLoadFailure(url.scheme, `no driver has this scheme; there are ${schemes}`);
  }
  const logger = options.logger ?? consoleLogger;
  const driver = factory(url, {
    name: options.name ?? '',
    controlExchange: options.controlExchange ?? DEFAULT_EXCHANGE,
    logger,
    limits: limitsWith(options.limits),
    onEvent: new Hooks(options.hooks, logger).onTransportEvent,
    rabbit: options.rabbit ?? {},
  });
  return new Transport(driver, options);
}
