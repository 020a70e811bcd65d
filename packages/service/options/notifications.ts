import { integer, list, string } from '@mini-nova/config';

/** Of the 255 bytes of a queue's name, the longest of which is `<topic>.critical`. */
const TOPIC_BYTES = 246;

/** Where notifications go, under oslo.messaging's names, and in which form, under Nova's. */
export const notificationOptions = {
  notifications: {
    notification_format: string({
      default: 'unversioned',
      choices: ['unversioned', 'versioned', 'both'],
      help: 'The form of notifications: unversioned ones, to the topics of group oslo_messaging_notifications; versioned objects, to those below; or both.',
    }),
    versioned_notifications_topics: list({
      default: ['versioned_notifications'],
      maxBytes: TOPIC_BYTES,
      help: 'Topics of versioned notifications on the message bus.',
    }),
  },
  oslo_messaging_notifications: {
    driver: list({
      default: [],
      choices: ['messagingv2', 'messaging', 'log', 'noop', 'test'],
      deprecated: ['DEFAULT.notification_driver'],
      help: 'The ways that notifications take. messagingv2: the message bus; messaging: the same in the old format; log: the log. Empty: they are not sent.',
    }),
    topics: list({
      default: ['notifications'],
      maxBytes: TOPIC_BYTES,
      deprecated: ['rpc_notifier2.topics', 'DEFAULT.notification_topics'],
      help: 'Topics of notifications on the message bus: the queue of each is <topic>.<priority>.',
    }),
    transport_url: string({
      default: null,
      secret: true,
      pattern: /^(rabbits?|amqps?|memory|fake):\/\/\S*$/i,
      allowed: 'a rabbit://, rabbits:// or memory:// URL such as rabbit://user:password@host:5672/vhost',
      deprecated: ['DEFAULT.notification_transport_url'],
      help: 'The message bus for notifications. Empty: the one of [DEFAULT] transport_url.',
    }),
    retry: integer({
      default: -1,
      min: -1,
      unit: 'times',
      help: 'How often a notification that cannot be sent is tried again; no operation waits for it. -1: for ever, 0: not at all.',
    }),
  },
} as const;
