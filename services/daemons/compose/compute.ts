import { ComputeManager } from '@mini-nova/compute/manager';
import {
  MemoryNodeIdentities,
  type NodeIdentities,
  StoredNodeIdentities,
} from '@mini-nova/compute/resources/node-identities';
import { ConductorServiceRecords } from '@mini-nova/compute/service-records';
import { loadComputeDriver } from '@mini-nova/compute/virt/registry';
import { ComputeTaskAPI, ConductorAPI } from '@mini-nova/conductor/rpcapi';
import { outageNotice } from '@mini-nova/domain/outage-retry';
import { NetworkAPI } from '@mini-nova/network/rpcapi';
import { NovaObjectSerializer } from '@mini-nova/objects';
import { PlacementAPI } from '@mini-nova/placement/rpcapi';
import { createRpc, Service, serviceOptions } from '@mini-nova/service';
import type { NovaConfig } from '../nova-schema.ts';
import { SERVICE_VERSION, type ServiceParts } from './parts.ts';

/** `host`: of this compute; default: the configured one. */
export interface ComputeParts extends ServiceParts {
  host?: string;
}

/** nova-compute, which has no database. Opens nothing. @throws ConfigError when there is no such driver */
export function composeCompute(parts: ComputeParts): Service {
  const { config, logger, transport, service, host = config.DEFAULT.host } = parts;
  const { upgrade_levels } = config;
  const rpc = createRpc(transport, { serializer: new NovaObjectSerializer() });
  const retry = { onFailure: outageNotice(logger) };
  const conductor = new ConductorAPI(rpc, { versionCap: upgrade_levels.conductor, ...retry });
  const manager = new ComputeManager({
    host,
    config,
    identities: nodeIdentities(config),
    driver: loadComputeDriver(host, config),
    conductor,
    computeTask: new ComputeTaskAPI(rpc),
    network: new NetworkAPI(rpc, retry),
    placement: new PlacementAPI(rpc, retry),
    logger,
  });
  return Service.create({
    ...serviceOptions(config),
    ...service,
    host,
    binary: 'nova-compute',
    topic: 'compute',
    manager,
    transport,
    rpc,
    records: new ConductorServiceRecords(conductor),
    version: SERVICE_VERSION,
    logger,
  });
}

const IN_PROCESS = /^(memory|fake):/i;
const IN_MEMORY = /^sqlite(\+\w+)?:\/\/(\/|\/:memory:)?$/i;

/** A database in the memory of this process is a new one at each start, and so are the nodes. */
function nodeIdentities({ DEFAULT, database }: NovaConfig): NodeIdentities {
  const isVolatile = IN_PROCESS.test(DEFAULT.transport_url) && IN_MEMORY.test(database.connection);
  return isVolatile ? new MemoryNodeIdentities() : new StoredNodeIdentities(DEFAULT.state_path);
}
