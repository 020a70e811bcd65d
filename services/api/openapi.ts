import swagger from '@fastify/swagger';
import { type FastifySchema, fastify, type RouteOptions } from 'fastify';
import type { VersionedBody } from './microversion.ts';
import type { Parameter } from './queries/parameter.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What its query can ask for. */
    query?: QueryParameters;
    /** The status of its answer, which has no body. */
    empty?: number;
    /** The body and the answers as documented, where the schemas that are checked do not say everything. */
    documented?: () => { body: object; response: Readonly<Record<number, object>> };
  }
}

type QueryParameters = Readonly<Record<string, Pick<Parameter<never>, 'for' | 'several' | 'microversions'>>>;

const INFO = {
  title: 'mini-nova',
  version: '2.1',
  description:
    "OpenStack's compute API. Every path can name its project: `/v2.1/{project_id}/servers`. docs/api.md lists the parameters of lists.",
};

const VERSION_HEADER = {
  'OpenStack-API-Version': {
    type: 'string',
    description: 'The microversion: `compute 2.1`, or `compute latest`. In answers: that of the answer.',
  },
} as const;

const FAULT = {
  $id: 'Fault',
  description: 'What is wrong: its name is `badRequest`, `itemNotFound`, `conflictingRequest`, …',
  type: 'object',
  minProperties: 1,
  maxProperties: 1,
  additionalProperties: {
    type: 'object',
    required: ['code', 'message'],
    properties: { code: { type: 'integer' }, message: { type: 'string' } },
  },
} as const;

/** The document of the API in OpenAPI 3.1, made from its routes. */
export async function openApiDocument(routes: readonly RouteOptions[]): Promise<object> {
  const app = fastify({ exposeHeadRoutes: false });
  // This app serves no requests.
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, {
    openapi: { openapi: '3.1.0', info: INFO },
    refResolver: { buildLocalReference: ({ $id }, _uri, _fragment, index) => String($id ?? `def-${index}`) },
  });
  app.addSchema(FAULT);
  for (const route of routes.filter(isDocumented)) {
    app.route({ method: route.method, url: route.url, schema: schemaOf(route), handler: async () => {} });
  }
  await app.ready();
  const document = app.swagger();
  await app.close();
  return document;
}

/** Each path is documented once, without its project. Fastify's HEAD routes and our routes that only refuse are not. */
function isDocumented({ method, url, schema }: RouteOptions): boolean {
  return method !== 'HEAD' && !url.includes('/:project_id') && schema?.hide !== true;
}

function schemaOf({ url, schema = {}, config = {} }: RouteOptions): FastifySchema {
  const { query, documented, microversions, bodies } = config;
  const { body = bodies ? bodyOf(bodies) : undefined, response } = documented?.() ?? schema;
  const [resource] = url.replace('/v2.1', '').split('/').filter(Boolean);
  return {
    tags: [resource ?? 'versions'],
    headers: { type: 'object', properties: VERSION_HEADER },
    ...(schema.params !== undefined && { params: schema.params }),
    ...(body !== undefined && { body }),
    ...(query && { querystring: querySchema(query) }),
    ...(typeof microversions === 'object' && { 'x-microversions': microversions }),
    response: answers({ ...(config.empty && { [config.empty]: { type: 'null' } }), ...(response as object) }),
  };
}

function bodyOf(bodies: readonly VersionedBody[]): object {
  return {
    anyOf: bodies.map(({ schema, ...microversions }) => ({ ...schema, 'x-microversions': microversions })),
  };
}

function querySchema(parameters: QueryParameters): object {
  const entries = Object.entries(parameters).map(([name, { for: who, several, microversions }]) => {
    const text = { type: 'string' };
    const schema = { ...(several ? { type: 'array', items: text } : text), description: `For ${who}` };
    return [name, { ...schema, ...(microversions && { 'x-microversions': microversions }) }];
  });
  return { type: 'object', properties: Object.fromEntries(entries) };
}

function answers(response: Readonly<Record<string, object>>): Record<string, object> {
  const entries = Object.entries(response).map(([status, schema]) => [
    status,
    { ...schema, 'x-response-description': descriptions[status] ?? 'The answer', headers: VERSION_HEADER },
  ]);
  const fault = { $ref: 'Fault#', headers: VERSION_HEADER };
  return { ...Object.fromEntries(entries), default: fault };
}

const descriptions: Readonly<Record<string, string>> = {
  200: 'Done',
  202: 'Accepted: it is being done',
  204: 'Done, or recorded: it will be done',
};
