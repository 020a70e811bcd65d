export type {
  IncomingNotification,
  NotificationDriver,
  NotificationListenOptions,
  NotificationTopic,
  OutgoingNotification,
} from '../drivers/notification-driver.ts';
export { NOTIFICATIONS, resetNotifications } from './built-in-drivers.ts';
export type {
  AnyNotifications,
  NotificationArguments,
  NotificationEndpointOf,
  NotificationMessage,
  NotificationMetadata,
  NotificationOf,
  NotificationPriority,
  ReceivedNotification,
} from './notification.ts';
export { type NotificationEndpoint, NotificationResult } from './notification-endpoint.ts';
export {
  type FieldPatterns,
  NotificationFilter,
  type NotificationFilterOptions,
  type Pattern,
} from './notification-filter.ts';
export type { NotificationServer } from './notification-listener.ts';
export {
  type BatchNotificationListenerOptions,
  getBatchNotificationListener,
  getNotificationListener,
  type NotificationListenerOptions,
} from './notification-listener.ts';
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
  RoutingGroups,
  RoutingRules,
  SentNotification,
} from './notifier-driver.ts';
export { registerNotifierDriver } from './notifier-driver.ts';
export {
  type RequestMatch,
  type RequestNotifierMiddleware,
  type RequestNotifierOptions,
  requestNotifier,
} from './request-notifier.ts';
