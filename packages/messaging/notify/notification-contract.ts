import type { NotificationMetadata } from './notification.ts';
import type { NotificationPriority } from './priority.ts';

/** The contract of a notifier that declares none: any event, any payload. */
export type AnyNotifications = { [eventType: string]: unknown };

/**
 * The arguments of an endpoint's method, for a contract: a type that gives each event type its payload. Where the
 * method compares `eventType`, the compiler knows the payload.
 *
 *     type InstanceEvents = { 'instance.create.end': { uuid: string }; 'instance.delete.end': { at: string } };
 *
 *     class Watcher implements NotificationEndpointOf<InstanceEvents, 'info'> {
 *       info(...[_ctxt, _publisherId, eventType, payload]: NotificationArguments<InstanceEvents>) {
 *         if (eventType === 'instance.create.end') console.log(payload.uuid);
 *       }
 *     }
 */
export type NotificationArguments<C, Ctxt = object> = {
  [E in keyof C & string]: [
    ctxt: Ctxt,
    publisherId: string | null,
    eventType: E,
    payload: C[E],
    metadata: NotificationMetadata,
  ];
}[keyof C & string];

/** What an endpoint must have to be told of a contract's events with the given priorities. */
export type NotificationEndpointOf<C, P extends NotificationPriority, Ctxt = object> = {
  [M in P]: (...args: NotificationArguments<C, Ctxt>) => unknown;
};

/** An element of what a method of a batch endpoint is given. */
export type NotificationOf<C, Ctxt = object> = {
  [E in keyof C & string]: {
    readonly ctxt: Ctxt;
    readonly publisherId: string | null;
    readonly eventType: E;
    readonly payload: C[E];
    readonly metadata: NotificationMetadata;
  };
}[keyof C & string];
