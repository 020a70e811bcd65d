import { composeSchema } from '../schema.ts';
import { apiOptions } from './api.ts';
import { computeOptions } from './compute.ts';
import { conductorOptions } from './conductor.ts';
import { daemonOptions } from './daemon.ts';
import { databaseOptions } from './database.ts';
import { domainOptions } from './domain.ts';
import { fakeOptions } from './fake.ts';
import { filterOptions } from './filters.ts';
import { imageOptions } from './images.ts';
import { messagingOptions } from './messaging.ts';
import { networkOptions } from './network.ts';
import { notificationOptions } from './notifications.ts';
import { observabilityOptions } from './observability.ts';
import { schedulerOptions } from './scheduler.ts';
import { serviceOptions } from './service.ts';
import { virtOptions } from './virt.ts';
import { weigherOptions } from './weighers.ts';

/** What `Daemon` and `Service` read. */
export const daemonSchema = composeSchema(
  daemonOptions,
  messagingOptions,
  serviceOptions,
  notificationOptions,
  observabilityOptions,
);

export type DaemonSchema = typeof daemonSchema;

/** Every option of mini-nova. */
export const novaSchema = composeSchema(
  daemonSchema,
  databaseOptions,
  domainOptions,
  networkOptions,
  apiOptions,
  imageOptions,
  conductorOptions,
  schedulerOptions,
  filterOptions,
  weigherOptions,
  computeOptions,
  virtOptions,
  fakeOptions,
);

export type NovaSchema = typeof novaSchema;
