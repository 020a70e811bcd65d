import { silentLogger } from '@mini-nova/messaging';
import { fastify } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { errorHandler } from './error-handler.ts';
import { addMicroversions, Microversion } from './microversion.ts';
import { type ParameterTable, readParameters } from './queries/parameter.ts';

const text = { type: 'string' } as const;
const named = { type: 'object', required: ['name'], additionalProperties: false, properties: { name: text } };
const described = { ...named, properties: { name: text, description: text } };

interface Question {
  userId?: string;
}

const parameters: ParameterTable<Question> = {
  user_id: {
    for: 'administrators',
    microversions: { from: '2.10' },
    apply: (question, [id]) => {
      question.userId = id;
    },
  },
};

/** An API of later days. */
async function laterApi() {
  const app = fastify({ ajv: { customOptions: { removeAdditional: false } } });
  onTestFinished(() => app.close());
  app.setErrorHandler(errorHandler(silentLogger));
  addMicroversions(app, { min: '2.1', max: '2.20' });
  app.get('/versions', { config: { microversions: 'any' } }, async () => 'all');
  app.get('/always', async ({ microversion }) => ({ version: String(microversion) }));
  app.get('/since', { config: { microversions: { from: '2.9' } } }, async () => 'since 2.9');
  app.get('/until', { config: { microversions: { from: '2.1', to: '2.9' } } }, async () => 'until 2.9');
  const bodies = [
    { from: '2.1', to: '2.9', schema: named },
    { from: '2.10', schema: described },
  ];
  app.post('/named', { config: { bodies } }, async ({ body }) => body);
  app.get('/listed', async (request) => readParameters<Question>(parameters, request, {}));
  const ask = async (version: string, url: string, payload?: object) => {
    const method = payload ? 'POST' : 'GET';
    const headers = { 'openstack-api-version': `compute ${version}` };
    const answer = await app.inject({ method, url, headers, ...(payload && { payload }) });
    return {
      status: answer.statusCode,
      body: answer.payload,
      version: answer.headers['x-openstack-nova-api-version'],
    };
  };
  return { ask };
}

test('versions are compared by their numbers', () => {
  const version = Microversion.of('2.10');
  expect(version.isIn({ from: '2.9' })).toBe(true);
  expect(version.isIn({ from: '2.10', to: '2.10' })).toBe(true);
  expect(version.isIn({ from: '2.11' })).toBe(false);
  expect(version.isIn({ from: '2.1', to: '2.9' })).toBe(false);
  expect(version.isIn({ from: '1.99', to: '3.0' })).toBe(true);
  expect(() => Microversion.of('2.01')).toThrow(TypeError);
});

test.each([
  ['2.1', '2.1'],
  ['2.20', '2.20'],
  ['latest', '2.20'],
])('a request for %s carries %s, and its answer names it', async (asked, version) => {
  const { ask } = await laterApi();
  expect(await ask(asked, '/always')).toEqual({ status: 200, body: JSON.stringify({ version }), version });
});

test.each([
  ['2.8', '/since', 404],
  ['2.9', '/since', 200],
  ['latest', '/since', 200],
  ['2.9', '/until', 200],
  ['2.10', '/until', 404],
  ['2.21', '/until', 406],
  ['2.21', '/versions', 200],
] as const)('in %s, %s is %i', async (version, url, status) => {
  const { ask } = await laterApi();
  const answer = await ask(version, url);
  expect(answer.status).toBe(status);
  if (status !== 404) return;
  expect(answer.version).toBe(version);
  expect(JSON.parse(answer.body).itemNotFound.message).toBe(
    `API version ${version} is not supported on this method.`,
  );
});

test('a body is checked by the schema of the version that is asked for', async () => {
  const { ask } = await laterApi();
  const body = { name: 'web', description: 'a server' };
  expect((await ask('2.10', '/named', body)).status).toBe(200);
  const refused = await ask('2.9', '/named', body);
  expect(refused.status).toBe(400);
  expect(JSON.parse(refused.body).badRequest.message).toBe(
    "Additional properties are not allowed ('description' was unexpected)",
  );
});

test('a list knows a parameter only in the versions that have it', async () => {
  const { ask } = await laterApi();
  expect(await ask('2.10', '/listed?user_id=me')).toMatchObject({ status: 200, body: '{"userId":"me"}' });
  const refused = await ask('2.9', '/listed?user_id=me');
  expect(refused.status).toBe(400);
  expect(JSON.parse(refused.body).badRequest.message).toBe(
    "Additional properties are not allowed ('user_id' was unexpected)",
  );
  expect((await ask('2.9', '/listed')).status).toBe(200);
});
