export type {
  IncomingNotification,
  NotificationDriver,
  NotificationListenOptions,
  NotificationTopic,
  OutgoingNotification,
} from '../drivers/notification-driver.ts';
export { NOTIFICATIONS, resetNotifications } from './drivers/test-driver.ts';
export type { NotificationMetadata, ReceivedNotification } from './notification.ts';
export type {
  AnyNotifications,
  NotificationArguments,
  NotificationEndpointOf,
  NotificationOf,
} from './notification-contract.ts';
export { type NotificationEndpoint, NotificationResult } from './notification-endpoint.ts';
export {
  type FieldPatterns,
  NotificationFilter,
  type NotificationFilterOptions,
  type Pattern,
} from './notification-filter.ts';
export {
  type BatchNotificationListenerOptions,
  getBatchNotificationListener,
  getNotificationListener,
  type NotificationListenerOptions,
} from './notification-listener.ts';
export type { NotificationMessage } from './notification-message.ts';
export type { NotificationServer } from './notification-server.ts';
export {
  Notifier,
  type NotifierDriverName,
  type NotifierOptions,
  type NotifierPrepareOptions,
} from './notifier.ts';
export type {
  NotifierDriver,
  NotifierDriverContext,
  NotifierDriverFactory,
  SentNotification,
} from './notifier-driver.ts';
export { registerNotifierDriver } from './notifier-driver-registry.ts';
export type { NotificationPriority } from './priority.ts';
export {
  type RequestMatch,
  type RequestNotifierMiddleware,
  type RequestNotifierOptions,
  requestNotifier,
} from './request-notifier.ts';
export type { RoutingGroups, RoutingRules } from './routing-groups.ts';
