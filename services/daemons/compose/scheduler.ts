import { databaseChecks } from '@mini-nova/data/configured-database';
import { DatabaseServiceRecords } from '@mini-nova/data/services/service-records';
import { NovaObjectSerializer } from '@mini-nova/objects';
import { SchedulerManager } from '@mini-nova/scheduler/manager';
import { Service, serviceOptions } from '@mini-nova/service';
import { type DatabaseServiceParts, SERVICE_VERSION } from './parts.ts';

/** nova-scheduler. Opens nothing. @throws ConfigError when an enabled filter is not known */
export function composeScheduler(parts: DatabaseServiceParts): Service {
  const { config, logger, transport, service, db, stores, release } = parts;
  return Service.create({
    ...serviceOptions(config),
    ...service,
    binary: 'nova-scheduler',
    topic: 'scheduler',
    manager: new SchedulerManager({ db, config, logger }),
    transport,
    serializer: new NovaObjectSerializer(),
    records: new DatabaseServiceRecords(stores.services),
    version: SERVICE_VERSION,
    checks: databaseChecks(db),
    logger,
    ...(release && { release }),
  });
}
