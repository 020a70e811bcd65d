import { MessagingError } from '../errors.ts';
import { contextToPrimitive, type JsonObject, toPrimitive } from '../json.ts';
import { checkRetry } from '../limits.ts';
import { type Logger, logThrown, silentLogger } from '../logger.ts';
import { NoOpSerializer, type RpcContext, type Serializer } from '../serializers.ts';
import type { Transport } from '../transport.ts';
import { logDriver, messagingDriver, noopDriver, testDriver } from './built-in-drivers.ts';
import { type AnyNotifications, type NotificationPriority, notificationMessage } from './notification.ts';
import {
  createNotifierDriver,
  type NotifierDriver,
  type NotifierDriverFactory,
  type RoutingGroups,
  registerNotifierDriver,
  type SentNotification,
} from './notifier-driver.ts';
import { routingDriver } from './routing-driver.ts';

/**
 * What of a request's context may travel with a notification, which many may read: who acted, and for which request.
 * Tokens and service catalogues stay here. The list is oslo.messaging's.
 */
const SAFE_KEYS: ReadonlySet<string> = new Set([
  'user_id',
  'project_id',
  'domain_id',
  'user_domain_id',
  'project_domain_id',
  'is_admin',
  'request_id',
  'roles',
  'user_name',
  'project_name',
  'domain_name',
  'user_domain_name',
  'project_domain_name',
  'service_user_id',
  'service_user_domain_id',
  'service_user_domain_name',
  'service_project_id',
  'service_project_name',
  'service_project_domain_id',
  'service_project_domain_name',
  'service_roles',
  'global_request_id',
  'system_scope',
  'user',
  'domain',
  'user_domain',
  'project_domain',
]);

/** The context without what must not be published. */
function sanitizeContext(ctxt: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(ctxt).filter(([key]) => SAFE_KEYS.has(key)));
}

const BUILT_IN_DRIVERS: Record<string, NotifierDriverFactory> = {
  messaging: messagingDriver('1.0'),
  messagingv2: messagingDriver('2.0'),
  log: logDriver,
  test: testDriver,
  noop: noopDriver,
  routing: routingDriver,
};
for (const [name, factory] of Object.entries(BUILT_IN_DRIVERS)) registerNotifierDriver(name, factory);

// The intersection keeps the names for editors' completion.
/** `messagingv2`, `messaging` (the old format), `log`, `test`, `noop`, `routing`, or one that was registered. */
export type NotifierDriverName =
  | 'messaging'
  | 'messagingv2'
  | 'log'
  | 'test'
  | 'noop'
  | 'routing'
  | (string & Record<never, never>);

/** What `Notifier.prepare` changes; what is absent stays. */
export interface NotifierPrepareOptions {
  /** Who notifies: `compute.host1`. */
  publisherId?: string;
  /** How often sending is tried again: -1 (the default) forever, 0 never, N times. */
  retry?: number;
}

/** Who notifies, and by which drivers. */
export interface NotifierOptions extends NotifierPrepareOptions {
  /** The ways that each notification takes. Default: `messagingv2`. */
  drivers?: readonly NotifierDriverName[];
  /** For the messaging drivers. Default: `notifications`. */
  topics?: readonly string[];
  /** For the driver `routing`. Default: nothing goes anywhere. */
  routing?: RoutingGroups;
  /** Default: NoOpSerializer. */
  serializer?: Serializer;
}

/** What each method that notifies is given. */
type Event = [ctxt: RpcContext, eventType: string, payload: unknown];

/** What `prepare` shares. */
interface Shared {
  readonly logger: Logger;
  readonly serializer: Serializer;
  readonly drivers: ReadonlyMap<string, NotifierDriver>;
}

/**
 * Tells listeners what has happened.
 *
 *     const notifier = new Notifier(transport, { publisherId: 'compute.host1' });
 *     await notifier.info(ctxt, 'compute.instance.create.end', { instance_id: id });
 *
 * A notification is no reason to fail: what a driver cannot send is logged. The promise never rejects. It resolves when
 * the drivers have taken the notification (RabbitMQ has confirmed it): with true, or with false when one of them has
 * failed. Only what identifies the user and the request is taken from the context.
 */
export class Notifier<C = AnyNotifications> {
  readonly publisherId: string | undefined;
  readonly retry: number;
  readonly #shared: Shared;

  /**
   * @throws DriverLoadFailure when there is no such driver, or it cannot work with the transport
   * @throws TypeError when `retry` is no number of times, or another option is not of its type
   */
  constructor(transport: Transport | Shared, options: NotifierOptions = {}) {
    const { publisherId, retry = -1 } = options;
    checkOptions(options);
    this.publisherId = publisherId;
    this.retry = retry;
    this.#shared = isShared(transport) ? transport : sharedOf(transport, options);
  }

  /** A notifier that notifies nobody and needs no transport. */
  static disabled<C = AnyNotifications>(): Notifier<C> {
    return new Notifier<C>({ logger: silentLogger, serializer: new NoOpSerializer(), drivers: new Map() });
  }

  /** A notifier that differs in the given parts, and shares the drivers. */
  prepare(options: NotifierPrepareOptions): Notifier<C> {
    const { publisherId = this.publisherId, retry = this.retry } = options;
    return new Notifier<C>(this.#shared, { publisherId, retry });
  }

  /** Whether notifications go anywhere: false when all drivers are `noop`. */
  isEnabled(): boolean {
    return [...this.#shared.drivers.keys()].some((name) => name !== 'noop');
  }

  /** For accounting: who used what. */
  audit<E extends keyof C & string>(ctxt: RpcContext, eventType: E, payload: C[E]): Promise<boolean> {
    return this.#notify('audit', ctxt, eventType, payload);
  }

  /** For developers. */
  debug<E extends keyof C & string>(ctxt: RpcContext, eventType: E, payload: C[E]): Promise<boolean> {
    return this.#notify('debug', ctxt, eventType, payload);
  }

  /** What has happened, in order. */
  info<E extends keyof C & string>(ctxt: RpcContext, eventType: E, payload: C[E]): Promise<boolean> {
    return this.#notify('info', ctxt, eventType, payload);
  }

  /** What may need attention. */
  warn<E extends keyof C & string>(ctxt: RpcContext, eventType: E, payload: C[E]): Promise<boolean> {
    return this.#notify('warn', ctxt, eventType, payload);
  }

  /** What has failed. */
  error<E extends keyof C & string>(ctxt: RpcContext, eventType: E, payload: C[E]): Promise<boolean> {
    return this.#notify('error', ctxt, eventType, payload);
  }

  /** What needs attention now. */
  critical<E extends keyof C & string>(ctxt: RpcContext, eventType: E, payload: C[E]): Promise<boolean> {
    return this.#notify('critical', ctxt, eventType, payload);
  }

  /** For small notifications that come often: "CPU 70 %". */
  sample<E extends keyof C & string>(ctxt: RpcContext, eventType: E, payload: C[E]): Promise<boolean> {
    return this.#notify('sample', ctxt, eventType, payload);
  }

  async #notify(priority: NotificationPriority, ...event: Event): Promise<boolean> {
    if (!this.isEnabled()) return true;
    const notification = this.#serialize(priority, event);
    if (notification === undefined) return false;
    const outcomes = await Promise.all(
      [...this.#shared.drivers].map(([name, driver]) => this.#hand(name, driver, notification)),
    );
    return !outcomes.includes(false);
  }

  #serialize(
    priority: NotificationPriority,
    [ctxt, eventType, payload]: Event,
  ): SentNotification | undefined {
    const { serializer, logger } = this.#shared;
    const { publisherId, retry } = this;
    try {
      if (typeof eventType !== 'string') throw new TypeError('The event type is no text');
      const entity = toPrimitive(serializer.serializeEntity(ctxt, payload), 'payload');
      const message = notificationMessage(publisherId, eventType, priority, entity);
      const context = sanitizeContext(contextToPrimitive(serializer.serializeContext(ctxt)));
      return { ctxt: context, message, priority, retry };
    } catch (error) {
      // A bug of the notifier's user, or of the serializer: what they notify of has happened all the same.
      logThrown(logger, error, { event_type: eventType }, 'A notification cannot be sent');
      return undefined;
    }
  }

  async #hand(name: string, driver: NotifierDriver, notification: SentNotification): Promise<boolean> {
    try {
      await driver.notify(notification);
      return true;
    } catch (error) {
      // A driver may be the user's, and throw anything.
      const { message_id, event_type } = notification.message;
      const data = { driver: name, event_type, message_id };
      const { logger } = this.#shared;
      const what = 'A notification was not sent';
      if (error instanceof MessagingError) logger.error({ reason: error.message, ...data }, what);
      else logThrown(logger, error, data, what);
      return false;
    }
  }
}

function isShared(source: Transport | Shared): source is Shared {
  return 'drivers' in source;
}

function sharedOf(transport: Transport, options: NotifierOptions): Shared {
  const { drivers = ['messagingv2'], topics = ['notifications'], routing = {} } = options;
  const { serializer = new NoOpSerializer() } = options;
  const context = { transport, topics, routing };
  return {
    logger: transport.logger,
    serializer,
    drivers: new Map(drivers.map((name) => [name, createNotifierDriver(name, context)])),
  };
}

function checkOptions({ publisherId, retry, topics = [] }: NotifierOptions): void {
  checkRetry(retry);
  if (publisherId !== undefined && typeof publisherId !== 'string') {
    throw new TypeError('publisherId is no text');
  }
  if (!topics.every((topic) => typeof topic === 'string' && topic !== '')) {
    throw new TypeError('A topic of notifications needs a name');
  }
}
