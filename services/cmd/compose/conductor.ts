import { NovaObjectSerializer } from '@mini-nova/objects';
import { createRpc, Service, serviceOptions } from '@mini-nova/service';
import { ComputeAPI } from '../../compute/rpcapi.ts';
import { ComputeTaskManager } from '../../conductor/compute-task-manager.ts';
import { ConductorManager } from '../../conductor/manager.ts';
import { Presence } from '../../conductor/presence.ts';
import { SilentComputes } from '../../conductor/silent-computes.ts';
import { conductorSweeps } from '../../conductor/sweeps/index.ts';
import { InstancePorts } from '../../network/instance-ports.ts';
import { NetworkManager } from '../../network/manager.ts';
import { PlacementManager } from '../../scheduler/placement/manager.ts';
import { SchedulerAPI } from '../../scheduler/rpcapi.ts';
import { DatabaseServiceRecords } from '../../stores/database-service-records.ts';
import { WorkQueue } from '../../work-queue.ts';
import { databaseChecks } from './database.ts';
import { type DatabaseServiceParts, SERVICE_VERSION } from './parts.ts';

/** nova-conductor. Opens nothing. */
export function composeConductor(parts: DatabaseServiceParts): Service {
  const { config, logger, transport, service, db, stores, release } = parts;
  const { DEFAULT, upgrade_levels, scheduler, network, database } = config;
  const rpc = createRpc(transport, { serializer: new NovaObjectSerializer() });
  const compute = new ComputeAPI(rpc, { versionCap: upgrade_levels.compute });
  const bus = () => transport.ready({ timeout: 1 });
  const presence = new Presence({ db, bus, since: performance.now() });
  const { services } = stores;
  const serviceDownTime = () => DEFAULT.service_down_time;
  const computeTask = new ComputeTaskManager({
    db,
    instances: stores.instances,
    buildRequests: stores.buildRequests,
    scheduler: new SchedulerAPI(rpc, { versionCap: upgrade_levels.scheduler }),
    compute,
    maxAttempts: () => scheduler.max_attempts,
    buildTimeout: () => DEFAULT.instance_build_timeout,
    bus,
    silentComputes: new SilentComputes({ services, presence, serviceDownTime }),
    logger,
  });
  const ports = new InstancePorts(db, { defaultNetwork: network.name });
  // More would only wait for a connection, where nobody looks whether they are still wanted.
  const queue = new WorkQueue({ name: 'database', width: () => database.max_pool_size });
  const manager = new ConductorManager({
    host: DEFAULT.host,
    stores: { ...stores, db },
    additionalEndpoints: [computeTask, new NetworkManager(ports, queue), new PlacementManager(db, queue)],
    queue,
    periodicTasks: () =>
      conductorSweeps({
        db,
        instances: stores.instances,
        services,
        compute,
        config: DEFAULT,
        presence,
        logger,
      }),
  });
  return Service.create({
    ...serviceOptions(config),
    ...service,
    binary: 'nova-conductor',
    topic: 'conductor',
    manager,
    transport,
    rpc,
    records: new DatabaseServiceRecords(services),
    version: SERVICE_VERSION,
    checks: databaseChecks(db),
    logger,
    ...(release && { release }),
  });
}
