import { type NotificationPriority, PRIORITIES } from './notification.ts';
import { NotificationFilter } from './notification-filter.ts';

/** What a method of an endpoint may return. Anything else, and nothing, means HANDLED. */
export const NotificationResult = {
  /** The notification is acknowledged once all endpoints have handled it. */
  HANDLED: 'handled',
  /** It is delivered again, to this listener or another, if the listener has `allowRequeue`. */
  REQUEUE: 'requeue',
} as const;
export type NotificationResult = (typeof NotificationResult)[keyof typeof NotificationResult];

/**
 * An object whose methods, named by priority, are told of notifications: `info(ctxt, publisherId, eventType, payload,
 * metadata)`, or, of a batch listener, `info(notifications)`. They may return a promise and a NotificationResult.
 */
export type NotificationEndpoint = {
  /** Default: all notifications. */
  readonly filterRule?: NotificationFilter;
} & {
  // Methods with contexts and payloads of any type fit.
  readonly [M in NotificationPriority]?: (...args: never[]) => unknown;
};

/** One method of an endpoint. */
export interface EndpointMethod {
  readonly filter: NotificationFilter | undefined;
  call(...args: unknown[]): unknown;
}

/**
 * The methods of all endpoints by priority, in the endpoints' order.
 * @throws TypeError when there is none, or a filter rule is no NotificationFilter
 */
export function endpointMethods(
  endpoints: readonly NotificationEndpoint[],
): ReadonlyMap<NotificationPriority, readonly EndpointMethod[]> {
  const byPriority = new Map<NotificationPriority, EndpointMethod[]>();
  for (const priority of PRIORITIES) {
    const methods = endpoints.flatMap((endpoint) => endpointMethod(endpoint, priority));
    if (methods.length > 0) byPriority.set(priority, methods);
  }
  if (byPriority.size === 0) {
    throw new TypeError(`No endpoint has a method named by a priority: ${PRIORITIES.join(', ')}`);
  }
  return byPriority;
}

function endpointMethod(endpoint: NotificationEndpoint, priority: NotificationPriority): EndpointMethod[] {
  const method = endpoint[priority] as ((...args: unknown[]) => unknown) | undefined;
  if (typeof method !== 'function') return [];
  if (endpoint.filterRule !== undefined && !(endpoint.filterRule instanceof NotificationFilter)) {
    throw new TypeError('"filterRule" of an endpoint is no NotificationFilter');
  }
  return [{ filter: endpoint.filterRule, call: (...args) => method.apply(endpoint, args) }];
}
