import type { NovaConfig } from '@mini-nova/config';
import { NovaObjectSerializer } from '@mini-nova/objects';
import { createRpc, gracefulShutdownTimeout } from '@mini-nova/service';
import { ApiServer } from '../../api/api-server.ts';
import { buildApp } from '../../api/app.ts';
import type { ApiDependencies, ApiSettings } from '../../api/dependencies.ts';
import type { HttpLimits } from '../../api/http-limits.ts';
import { ImageRegistry } from '../../api/image-registry.ts';
import type { ProxySettings } from '../../api/request-state.ts';
import { ComputeAPI } from '../../compute/rpcapi.ts';
import { ComputeTaskAPI } from '../../conductor/rpcapi.ts';
import { DatabaseServiceRecords } from '../../stores/database-service-records.ts';
import { databaseChecks } from './database.ts';
import type { DatabaseServiceParts } from './parts.ts';

/** nova-api. Opens nothing. */
export function composeApi(parts: DatabaseServiceParts): ApiServer {
  const { config, logger, transport, service, db, stores, release } = parts;
  const { DEFAULT, upgrade_levels, image } = config;
  const rpc = createRpc(transport, { serializer: new NovaObjectSerializer() });
  const dependencies: ApiDependencies = {
    db,
    ...stores,
    images: new ImageRegistry(image.images),
    computeTask: new ComputeTaskAPI(rpc),
    compute: new ComputeAPI(rpc, { versionCap: upgrade_levels.compute }),
    settings: apiSettings(config),
    logger,
  };
  const onHeartbeat = service?.onHeartbeat;
  return new ApiServer({
    app: buildApp(dependencies, httpLimits(config), proxySettings(config)),
    host: DEFAULT.host,
    listen: { host: DEFAULT.osapi_compute_listen, port: DEFAULT.osapi_compute_listen_port },
    transport,
    records: new DatabaseServiceRecords(stores.services),
    reportInterval: () => DEFAULT.report_interval,
    serviceDownTime: () => DEFAULT.service_down_time,
    gracefulShutdownTimeout: () => gracefulShutdownTimeout(config),
    checks: databaseChecks(db),
    logger,
    ...(onHeartbeat && { onHeartbeat }),
    ...(release && { release }),
  });
}

/** What can change while it runs has its present value. */
function apiSettings({ DEFAULT }: NovaConfig): ApiSettings {
  return {
    get maxLimit() {
      return DEFAULT.osapi_max_limit;
    },
    get serviceDownTime() {
      return DEFAULT.service_down_time;
    },
    defaultZone: DEFAULT.default_availability_zone,
    castTimeout: DEFAULT.rpc_response_timeout,
  };
}

function proxySettings({ api, oslo_middleware }: NovaConfig): ProxySettings {
  return {
    isTrusted: oslo_middleware.enable_proxy_headers_parsing,
    computeLinkPrefix: api.compute_link_prefix,
    glanceLinkPrefix: api.glance_link_prefix,
  };
}

function httpLimits({ wsgi, oslo_middleware }: NovaConfig): HttpLimits {
  return {
    maxBodySize: oslo_middleware.max_request_body_size,
    maxHeaderSize: wsgi.max_header_line,
    headerTimeout: wsgi.header_timeout,
    socketTimeout: wsgi.client_socket_timeout,
  };
}
