import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { withPatience } from '@mini-nova/database';
import { turns } from '@mini-nova/event-loop';
import { runWithContext } from '@mini-nova/service';
import { type FastifyInstance, type FastifyRequest, fastify, type RouteOptions } from 'fastify';
import type { Api, ApiDependencies, ApiParts } from './dependencies.ts';
import { formats } from './documents/values.ts';
import { errorHandler } from './error-handler.ts';
import { flavorRoutes } from './flavors/routes.ts';
import { BadRequest, faultDocument } from './http-errors.ts';
import { closeIdleConnections, type HttpLimits, inviteBodies, serverOptions } from './http-limits.ts';
import { hypervisorRoutes } from './hypervisors/routes.ts';
import { imageRoutes } from './images/routes.ts';
import { interfaceRoutes } from './interfaces/routes.ts';
import { collectMethods, refuseOtherMethods } from './method-not-allowed.ts';
import { addMicroversions } from './microversion.ts';
import { networkRoutes } from './networks/routes.ts';
import {
  addForwarding,
  addStores,
  assertOneProject,
  newRequestId,
  type ProxySettings,
} from './request-state.ts';
import { traceRequest } from './running-requests.ts';
import { serverActionRoutes } from './servers/actions.ts';
import { serverRoutes } from './servers/routes.ts';
import { serviceRoutes } from './services/routes.ts';
import { assertBodyTexts, assertTexts, decodeBody } from './texts.ts';
import { versionRoutes } from './versions/routes.ts';

/** What Nova takes for a project in a path: other words are names of resources. */
const PROJECT = '/v2.1/:project_id(^[0-9a-f-]+$)';

/** Seconds for which one request waits for a database that is away: its client gets an answer within 5. */
const DATABASE_PATIENCE = 3.5;

/** The OpenStack compute REST API. It serves requests once it listens, or by `inject`. */
export function buildApp(parts: ApiParts, limits: HttpLimits, proxy: ProxySettings): FastifyInstance {
  const dependencies: ApiDependencies = parts;
  const answerError = errorHandler(dependencies.logger);
  const app = fastify({
    ...serverOptions(limits),
    logger: false,
    // Requests that arrive while it stops are answered, each as the last on its connection.
    return503OnClosing: false,
    genReqId: newRequestId,
    // For paths that cannot be routed, such as /%zz.
    frameworkErrors: answerError,
    // As Nova does.
    routerOptions: { ignoreTrailingSlash: true },
    ajv: {
      customOptions: {
        // Input is checked, never converted.
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allErrors: false,
        allowUnionTypes: true,
        formats,
      },
    },
  });
  closeIdleConnections(app.server, limits);
  inviteBodies(app.server, limits);
  // Each turn of the event loop takes one connection from the system, and many may come at once.
  app.server.on('connection', () => turns.skip());
  // Answers are sent as their views make them: their schemas are for the API's document and for the compiler.
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler(answerError);
  app.setNotFoundHandler(async (request, reply) => {
    const message = `The resource could not be found: ${request.method} ${request.url}`;
    return reply.code(404).send(faultDocument(404, message));
  });
  acceptJson(app);
  addRequestHooks(app, parts, proxy);
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  app.register(async (versions) => {
    const methods = collectMethods(versions);
    versionRoutes(versions.withTypeProvider<TypeBoxTypeProvider>(), routes);
    refuseOtherMethods(versions, methods, { microversions: 'any' });
  });
  for (const prefix of ['/v2.1', PROJECT]) {
    app.register(async (compute) => addComputeRoutes(compute, dependencies), { prefix });
  }
  return app;
}

function addComputeRoutes(plugin: FastifyInstance, dependencies: ApiDependencies): void {
  const app: Api = plugin.withTypeProvider<TypeBoxTypeProvider>();
  app.addHook('onRequest', async (request) => assertOneProject(request));
  const methods = collectMethods(app);
  serverRoutes(app, dependencies);
  serverActionRoutes(app, dependencies);
  interfaceRoutes(app, dependencies);
  flavorRoutes(app, dependencies);
  imageRoutes(app, dependencies);
  networkRoutes(app);
  serviceRoutes(app, dependencies);
  hypervisorRoutes(app, dependencies);
  refuseOtherMethods(app, methods);
}

function addRequestHooks(app: FastifyInstance, { storesFor, logger }: ApiParts, proxy: ProxySettings): void {
  // Many requests may arrive at once: each waits for its turn.
  app.addHook('onRequest', async ({ method }) => (method === 'GET' ? turns.pause() : turns.begin()));
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({ 'x-openstack-request-id': request.id, 'x-compute-request-id': request.id });
    done();
  });
  addMicroversions(app);
  addForwarding(app, proxy);
  addStores(app, storesFor);
  app.addHook('onRequest', (request, reply, done) => {
    runWithContext(request.stores.ctxt, () => traceRequest(request, reply, done));
  });
  app.addHook('onRequest', async (request) => assertTexts(request));
  // Covers the handler and what it awaits, but not the reading of the body, which may be slow because of the client.
  app.addHook('preHandler', (_request, _reply, done) => withPatience(DATABASE_PATIENCE, done));
  app.addHook('onResponse', async (request, reply) => {
    const { method, url } = request;
    const { statusCode: status, elapsedTime } = reply;
    logger.info(
      { method, url, status, ms: Math.round(elapsedTime), request_id: request.id },
      'Request answered',
    );
  });
}

/** Bodies are JSON. Clients send `content-type: application/json` also with DELETE, without a body. */
function acceptJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: FastifyRequest, bytes: Buffer) => {
      const text = decodeBody(bytes);
      if (text.trim() === '') return null;
      const body = await new Promise((resolve, reject) => {
        parse(request, text, (error, value) => (error ? reject(invalidJson(text)) : resolve(value)));
      });
      assertBodyTexts(body);
      return body;
    },
  );
}

/** The parser does not say what is wrong, or shows the text around it, which may be secret. */
function invalidJson(text: string): BadRequest {
  let reason = 'the names __proto__ and constructor are not allowed';
  try {
    JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const [, position] = /at position (\d+)/.exec(error.message) ?? [];
    reason = position === undefined ? 'it cannot be read' : `it cannot be read from position ${position} on`;
  }
  return new BadRequest(`The request body is not valid JSON: ${reason}`);
}
