import type { Listener } from '../drivers/driver.ts';
import {
  DEFAULT_PREFETCH,
  type IncomingNotification,
  type NotificationListenOptions,
  type NotificationTopic,
} from '../drivers/notification-driver.ts';
import { InvalidTarget } from '../errors.ts';
import { checkPrefetch, isWhole, MAX_TIMER, PREFETCH_MAX } from '../limits.ts';
import { MessageHandlingServer } from '../message-handling-server.ts';
import { checkName, checkNotificationNames } from '../names.ts';
import { NoOpSerializer, type Serializer } from '../serializers.ts';
import type { Target } from '../target.ts';
import type { Transport } from '../transport.ts';
import { InFlight } from '../waits.ts';
import type { NotificationPriority } from './notification.ts';
import { endpointMethods, type NotificationEndpoint } from './notification-endpoint.ts';
import { notificationsOf } from './notifications-of.ts';
import {
  BatchReceiver,
  type NotificationReceiver,
  type ReceiverOptions,
  singleReceiver,
} from './receivers.ts';

/** Consumes what the server is for. */
type Listen = (
  onNotification: (incoming: IncomingNotification) => void,
  signal: AbortSignal,
) => Promise<Listener>;

/**
 * Tells endpoints of the notifications of some topics. Made by `getNotificationListener` and
 * `getBatchNotificationListener`.
 *
 * A notification is acknowledged when all endpoints have handled it: at least once, also when this process is killed.
 * Notifications are handled concurrently. When it is stopped, a batch that is not full is handled. A stopped server can
 * be started again.
 */
export class NotificationServer extends MessageHandlingServer {
  readonly #listen: Listen;
  readonly #receiver: NotificationReceiver;
  readonly #running = new InFlight();

  constructor(listen: Listen, receiver: NotificationReceiver) {
    super();
    this.#listen = listen;
    this.#receiver = receiver;
  }

  protected listen(signal: AbortSignal): Promise<Listener> {
    return this.#listen((incoming) => {
      this.#running.begin();
      void this.#receiver.receive(incoming).finally(() => this.#running.end());
    }, signal);
  }

  protected handled(): Promise<void> {
    return this.#running.idle();
  }

  protected override onStopped(): void {
    this.#receiver.flush();
  }
}

/** How a listener takes notifications. */
export interface NotificationListenerOptions extends Omit<NotificationListenOptions, 'signal'> {
  /** Default: NoOpSerializer. */
  serializer?: Serializer;
  /**
   * Whether an endpoint can have a notification delivered again, by its result or by throwing; else it is
   * acknowledged all the same. Default false.
   */
  allowRequeue?: boolean;
}

/** How a batch listener takes notifications. */
export interface BatchNotificationListenerOptions extends NotificationListenerOptions {
  /** How many notifications make a batch; never more than `prefetch`. Default 100. */
  batchSize?: number;
  /** Seconds from a batch's first notification until it is handled, full or not. Default 1. */
  batchTimeout?: number;
}

/**
 * A listener of notifications with the topics (and, if given, the exchanges) of the targets.
 *
 * Endpoints are asked in their order. One that throws is logged, and the notification is requeued if that is allowed.
 *
 * @throws InvalidTarget when a target has no topic
 * @throws TypeError when there is no target, no endpoint has a method named by a priority, or an option is out of its
 *   range
 * @throws DriverLoadFailure when the transport carries no notifications
 */
export function getNotificationListener(
  transport: Transport,
  targets: readonly Target[],
  endpoints: readonly NotificationEndpoint[],
  options: NotificationListenerOptions = {},
): NotificationServer {
  checkOptions(options);
  return serverOf(transport, targets, endpoints, options, singleReceiver);
}

/**
 * A listener as `getNotificationListener` gives, whose endpoints' methods are told of several notifications at once:
 * `info(notifications)`, with the arguments of the other kind as fields. A method that returns REQUEUE, or throws, has
 * all of the batch that are of its priority delivered again.
 *
 * @throws as getNotificationListener
 */
export function getBatchNotificationListener(
  transport: Transport,
  targets: readonly Target[],
  endpoints: readonly NotificationEndpoint[],
  options: BatchNotificationListenerOptions = {},
): NotificationServer {
  checkOptions(options);
  const { prefetch, batchSize = 100, batchTimeout = 1 } = options;
  const batching = { batchSize: prefetch ? Math.min(batchSize, prefetch) : batchSize, batchTimeout };
  // While one batch is handled, the next is collected.
  const held = prefetch ?? Math.max(DEFAULT_PREFETCH, 2 * batchSize);
  return serverOf(
    transport,
    targets,
    endpoints,
    { ...options, prefetch: held },
    (receiving) => new BatchReceiver({ ...receiving, ...batching }),
  );
}

/** It listens to each topic in the priorities for which there is a method. */
function serverOf(
  transport: Transport,
  targets: readonly Target[],
  endpoints: readonly NotificationEndpoint[],
  { pool, prefetch, serializer = new NoOpSerializer(), allowRequeue = false }: NotificationListenerOptions,
  receiverOf: (options: ReceiverOptions) => NotificationReceiver,
): NotificationServer {
  const methods = endpointMethods(endpoints);
  const driver = notificationsOf(transport);
  if (targets.length === 0) throw new TypeError('A listener of notifications needs a target');
  const priorities = [...methods.keys()];
  const topics = targets.flatMap((target) => topicsOf(target, priorities));
  const receiver = receiverOf({ methods, serializer, allowRequeue, logger: transport.logger });
  return new NotificationServer(
    (onNotification, signal) => driver.listen(topics, onNotification, { signal, pool, prefetch }),
    receiver,
  );
}

function topicsOf(target: Target, priorities: readonly NotificationPriority[]): NotificationTopic[] {
  const { exchange, topic } = target;
  if (topic === undefined) throw new InvalidTarget('A target of notifications needs a topic', target);
  return priorities.map((priority) => {
    checkNotificationNames(exchange, topic, priority);
    return { exchange, topic, priority };
  });
}

/** A batch of this size and the next one still fit into a prefetch. */
const BATCH_MAX = Math.floor(PREFETCH_MAX / 2);
/** Seconds. */
const TIMEOUT_MAX = Math.floor(MAX_TIMER / 1000);

function checkOptions({ pool, prefetch, batchSize, batchTimeout }: BatchNotificationListenerOptions): void {
  if (pool !== undefined && (typeof pool !== 'string' || pool === '')) {
    throw new TypeError('pool is given, but is no name');
  }
  checkName('queue', pool);
  checkPrefetch(prefetch, 'notifications');
  if (batchSize !== undefined && !isWhole(batchSize, 1, BATCH_MAX)) {
    throw new TypeError(`batchSize is ${batchSize}, but must be 1 to ${BATCH_MAX} notifications`);
  }
  if (batchTimeout !== undefined && !(batchTimeout >= 0 && batchTimeout <= TIMEOUT_MAX)) {
    throw new TypeError(`batchTimeout is ${batchTimeout}, but must be 0 to ${TIMEOUT_MAX} seconds`);
  }
}
