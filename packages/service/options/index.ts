import { type Config, composeSchema } from '@mini-nova/config';
import { daemonOptions } from './daemon.ts';
import { messagingOptions } from './messaging.ts';
import { notificationOptions } from './notifications.ts';
import { observabilityOptions } from './observability.ts';
import { serviceOptions } from './service.ts';

/** The options that `Daemon` and `Service` read. */
export const daemonSchema = composeSchema(
  daemonOptions,
  messagingOptions,
  serviceOptions,
  notificationOptions,
  observabilityOptions,
);

export type DaemonSchema = typeof daemonSchema;

export type DaemonConfig = Config<DaemonSchema>;
