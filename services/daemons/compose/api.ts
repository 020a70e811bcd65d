import { ApiServer } from '@mini-nova/api/api-server';
import { buildApp } from '@mini-nova/api/app';
import type { ApiParts, ApiSettings } from '@mini-nova/api/dependencies';
import type { HttpLimits } from '@mini-nova/api/http-limits';
import { ImageRegistry } from '@mini-nova/api/images/registry';
import type { ProxySettings } from '@mini-nova/api/request-state';
import { ComputeAPI } from '@mini-nova/compute/rpcapi';
import { ComputeTaskAPI } from '@mini-nova/conductor/rpcapi';
import { databaseChecks } from '@mini-nova/data/configured-database';
import { storesFor } from '@mini-nova/data/request-stores';
import { DatabaseServiceRecords } from '@mini-nova/data/services/service-records';
import { NovaObjectSerializer } from '@mini-nova/objects';
import { createRpc, Manager, Service, serviceOptions } from '@mini-nova/service';
import type { NovaConfig } from '../nova-schema.ts';
import type { DatabaseServiceParts } from './parts.ts';

export interface ComposedApi {
  service: Service;
  /** Knows its address. */
  server: ApiServer;
}

/** nova-api. Opens nothing. */
export function composeApi(parts: DatabaseServiceParts): ComposedApi {
  const { config, logger, transport, service, db, stores, release } = parts;
  const { DEFAULT, upgrade_levels, image } = config;
  const rpc = createRpc(transport, { serializer: new NovaObjectSerializer() });
  const apiParts: ApiParts = {
    storesFor: storesFor(db, stores),
    images: new ImageRegistry(image.images),
    computeTask: new ComputeTaskAPI(rpc),
    compute: new ComputeAPI(rpc, { versionCap: upgrade_levels.compute }),
    settings: apiSettings(config),
    logger,
  };
  const server = new ApiServer({
    app: buildApp(apiParts, httpLimits(config), proxySettings(config)),
    listen: { host: DEFAULT.osapi_compute_listen, port: DEFAULT.osapi_compute_listen_port },
    transport,
    logger,
  });
  const composed = Service.create({
    ...serviceOptions(config),
    ...service,
    binary: 'nova-osapi_compute',
    topic: 'osapi_compute',
    intake: server,
    manager: new Manager({ host: DEFAULT.host, serviceName: 'osapi_compute' }),
    transport,
    records: new DatabaseServiceRecords(stores.services),
    checks: databaseChecks(db),
    logger,
    ...(release && { release }),
  });
  return { service: composed, server };
}

/** Options that can change while the API runs are read at each use. */
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
