import { NovaObjectSerializer } from '@mini-nova/objects';
import { createRpc } from '@mini-nova/service';
import { ApiServer } from '../../api/api-server.ts';
import { buildApp } from '../../api/app.ts';
import { ImageRegistry } from '../../api/image-registry.ts';
import { ComputeAPI } from '../../compute/rpcapi.ts';
import { ComputeTaskAPI } from '../../conductor/rpcapi.ts';
import { DatabaseServiceRecords } from '../../stores/database-service-records.ts';
import type { DatabaseServiceParts } from './parts.ts';

/** nova-api. Opens nothing. */
export function composeApi(parts: DatabaseServiceParts): ApiServer {
  const { config, logger, transport, db, stores, release } = parts;
  const { DEFAULT, upgrade_levels, image } = config;
  const rpc = createRpc(transport, { serializer: new NovaObjectSerializer() });
  const app = buildApp({
    db,
    ...stores,
    images: new ImageRegistry(image.images),
    computeTask: new ComputeTaskAPI(rpc),
    compute: new ComputeAPI(rpc, { versionCap: upgrade_levels.compute }),
    settings: {
      maxLimit: DEFAULT.osapi_max_limit,
      defaultZone: DEFAULT.default_availability_zone,
      serviceDownTime: DEFAULT.service_down_time,
      castTimeout: DEFAULT.rpc_response_timeout,
    },
    logger,
  });
  return new ApiServer({
    app,
    host: DEFAULT.host,
    listen: { host: DEFAULT.osapi_compute_listen, port: DEFAULT.osapi_compute_listen_port },
    records: new DatabaseServiceRecords(stores.services),
    reportInterval: DEFAULT.report_interval,
    gracefulShutdownTimeout: DEFAULT.graceful_shutdown_timeout,
    logger,
    release: async () => {
      await transport.close();
      await release?.();
    },
  });
}
