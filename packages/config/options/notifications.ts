import { list, string } from '../option.ts';
import { TOPIC_BYTES } from './oslo-messaging-notifications.ts';

/** In which form nova-compute tells of instances, under Nova's names. Whether it does: group oslo_messaging_notifications. */
export const notifications = {
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
} as const;
