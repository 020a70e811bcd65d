import { ComputeAPI } from '@mini-nova/compute/rpcapi';
import { ComputeTaskManager } from '@mini-nova/conductor/compute-task-manager';
import { ConductorManager } from '@mini-nova/conductor/manager';
import { Presence } from '@mini-nova/conductor/presence';
import { SilentComputes } from '@mini-nova/conductor/scheduling-line';
import { conductorSweeps } from '@mini-nova/conductor/sweeps/index';
import { databaseChecks } from '@mini-nova/data/configured-database';
import { DatabaseServiceRecords } from '@mini-nova/data/services/service-records';
import { InstancePorts, NetworkManager } from '@mini-nova/network/manager';
import { NovaObjectSerializer } from '@mini-nova/objects';
import { PlacementManager } from '@mini-nova/placement/manager';
import { SchedulerAPI } from '@mini-nova/scheduler/rpcapi';
import { createRpc, Service, serviceOptions, WorkQueue } from '@mini-nova/service';
import { type DatabaseServiceParts, SERVICE_VERSION } from './parts.ts';

/** nova-conductor. Opens nothing. */
export function composeConductor(parts: DatabaseServiceParts): Service {
  const { config, logger, transport, service, db, stores, release } = parts;
  const { DEFAULT, upgrade_levels, network, database } = config;
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
    config,
    bus,
    silentComputes: new SilentComputes({ services, presence, serviceDownTime }),
    logger,
  });
  const ports = new InstancePorts(db, { defaultNetwork: network.name });
  // More would only wait for a connection, and there nobody checks whether they are still wanted.
  const queue = new WorkQueue({ name: 'database', width: database.max_pool_size });
  const manager = new ConductorManager({
    host: DEFAULT.host,
    stores: { ...stores, db },
    computeTask,
    network: new NetworkManager(ports, queue),
    placement: new PlacementManager(db, queue),
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
