import { api } from './api.ts';
import { conductor } from './conductor.ts';
import { database } from './database.ts';
import { DEFAULT } from './default.ts';
import { fake } from './fake.ts';
import { filter_scheduler } from './filter-scheduler.ts';
import { image } from './image.ts';
import { network } from './network.ts';
import { notifications } from './notifications.ts';
import { observability } from './observability.ts';
import { oslo_messaging_notifications } from './oslo-messaging-notifications.ts';
import { oslo_messaging_rabbit } from './oslo-messaging-rabbit.ts';
import { oslo_middleware } from './oslo-middleware.ts';
import { oslo_reports } from './oslo-reports.ts';
import { scheduler } from './scheduler.ts';
import { upgrade_levels } from './upgrade-levels.ts';
import { wsgi } from './wsgi.ts';

/** Every option of mini-nova, in the order of the sample file. One file per group. */
export const novaSchema = {
  DEFAULT,
  api,
  conductor,
  database,
  fake,
  filter_scheduler,
  image,
  network,
  notifications,
  observability,
  oslo_messaging_notifications,
  oslo_messaging_rabbit,
  oslo_middleware,
  oslo_reports,
  scheduler,
  upgrade_levels,
  wsgi,
} as const;

export type NovaSchema = typeof novaSchema;
