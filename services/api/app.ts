import { runWithContext } from '@mini-nova/service';
import { type FastifyInstance, fastify } from 'fastify';
import type { ApiDependencies } from './dependencies.ts';
import { errorHandler } from './error-handler.ts';
import { BadRequest, faultDocument } from './http-errors.ts';
import { closeIdleConnections, type HttpLimits, inviteBodies, serverOptions } from './http-limits.ts';
import { collectMethods, refuseOtherMethods } from './method-not-allowed.ts';
import { traceRequest } from './request-span.ts';
import { contextOfRequest, newRequestId } from './request-state.ts';
import { flavorRoutes } from './routes/flavors.ts';
import { hypervisorRoutes } from './routes/hypervisors.ts';
import { imageRoutes } from './routes/images.ts';
import { interfaceRoutes } from './routes/interfaces.ts';
import { networkRoutes } from './routes/networks.ts';
import { serverActionRoutes } from './routes/server-actions.ts';
import { serverRoutes } from './routes/servers.ts';
import { serviceRoutes } from './routes/services.ts';
import { versionRoutes } from './routes/versions.ts';

/** The one microversion that is spoken, whatever a client asks for. */
const API_VERSION = '2.1';

/** The OpenStack compute REST API. It serves requests once it is listened with, or injected into. */
export function buildApp(dependencies: ApiDependencies, limits: HttpLimits): FastifyInstance {
  const answerError = errorHandler(dependencies.logger);
  const app = fastify({
    ...serverOptions(limits),
    logger: false,
    // What has come while it stops is answered, as the last on its connection.
    return503OnClosing: false,
    genReqId: newRequestId,
    // Of paths that cannot be routed, such as /%zz.
    frameworkErrors: answerError,
    // As Nova does.
    routerOptions: { ignoreTrailingSlash: true },
    ajv: {
      customOptions: {
        // Input is checked, never bent into shape.
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: false,
        allowUnionTypes: true,
        verbose: true,
      },
    },
  });
  closeIdleConnections(app.server, limits);
  inviteBodies(app.server, limits);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(async (request, reply) => {
    const message = `The resource could not be found: ${request.method} ${request.url}`;
    return reply.code(404).send(faultDocument(404, message));
  });
  acceptJson(app);
  addRequestHooks(app, dependencies);
  app.register(async (versions) => {
    const methods = collectMethods(versions);
    await versionRoutes(versions);
    refuseOtherMethods(versions, methods);
  });
  for (const prefix of ['/v2.1', '/v2.1/:project_id']) {
    app.register(async (compute) => addComputeRoutes(compute, dependencies), { prefix });
  }
  return app;
}

function addComputeRoutes(app: FastifyInstance, dependencies: ApiDependencies): void {
  const methods = collectMethods(app);
  serverRoutes(app, dependencies);
  serverActionRoutes(app, dependencies);
  interfaceRoutes(app, dependencies);
  flavorRoutes(app, dependencies);
  imageRoutes(app, dependencies);
  networkRoutes(app, dependencies);
  serviceRoutes(app, dependencies);
  hypervisorRoutes(app, dependencies);
  refuseOtherMethods(app, methods);
}

function addRequestHooks(app: FastifyInstance, { logger }: ApiDependencies): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({
      'x-openstack-request-id': request.id,
      'x-compute-request-id': request.id,
      'openstack-api-version': `compute ${API_VERSION}`,
      'x-openstack-nova-api-version': API_VERSION,
      vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
    });
    runWithContext(contextOfRequest(request), () => traceRequest(request, reply, done));
  });
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    const { statusCode: status, elapsedTime } = reply;
    logger.info(
      { method, url, status, ms: Math.round(elapsedTime), request_id: request.id },
      'Request answered',
    );
  });
}

/** Bodies are JSON. Clients send `content-type: application/json` with DELETE, too, and no body. */
function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body: string, done) => {
    if (body.trim() === '') done(null, null);
    else parse(request, body, (error, value) => done(error && invalidJson(body), value));
  });
}

/** The parser does not say what is wrong. */
function invalidJson(text: string): BadRequest {
  let reason = 'the names __proto__ and constructor are not allowed';
  try {
    JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    reason = error.message;
  }
  return new BadRequest(`The request body is not valid JSON: ${reason}`);
}
