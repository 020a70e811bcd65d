import { readFile } from 'node:fs/promises';
import { apiFixture } from '@mini-nova/services-testing/api-fixture';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, test } from 'vitest';
import { serverActions } from './operations/index.ts';

interface Operation {
  parameters: { in: string; name: string }[];
  requestBody?: { content: Record<string, { schema: { oneOf?: { title: string }[] } }> };
  responses: Record<string, { headers: object; content?: object }>;
}

async function document() {
  const { get } = await apiFixture();
  const { status, body } = await get('/v2.1/openapi.json');
  expect(status).toBe(200);
  const paths = body.paths as Record<string, Record<string, Operation>>;
  const operation = (method: string, path: string) => paths[path]?.[method] as Operation;
  return { body, paths, operation };
}

test('the document of the API is valid OpenAPI 3.1, and the one in docs/', async () => {
  const { body } = await document();
  expect(body.openapi).toBe('3.1.0');
  expect(await new Validator().validate(structuredClone(body))).toMatchObject({ valid: true });
  const stored = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  expect(body).toEqual(JSON.parse(stored));
});

test('it has what a route takes, and what it answers', async () => {
  const { operation } = await document();
  const show = operation('get', '/v2.1/servers/{id}');
  expect(show.parameters.map((parameter) => `${parameter.in} ${parameter.name}`).sort()).toEqual([
    'header OpenStack-API-Version',
    'path id',
  ]);
  expect(Object.keys(show.responses)).toEqual(['200', 'default']);
  expect(show.responses[200]).toMatchObject({
    headers: { 'OpenStack-API-Version': {} },
    content: { 'application/json': { schema: { required: ['server'] } } },
  });
  expect(operation('post', '/v2.1/servers').requestBody?.content['application/json']).toMatchObject({
    schema: { properties: { server: { required: ['name', 'imageRef', 'flavorRef'] } } },
  });
  expect(operation('delete', '/v2.1/servers/{id}').responses[204]?.content).toBeUndefined();
  const names = operation('get', '/v2.1/servers/detail').parameters.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['all_tenants', 'changes-since', 'sort_key']));
});

test('it has every action of servers with its body', async () => {
  const { operation } = await document();
  const action = operation('post', '/v2.1/servers/{id}/action');
  const { schema } = action.requestBody?.content['application/json'] ?? {};
  const bodies = schema?.oneOf ?? [];
  expect(bodies.map(({ title }) => title).sort()).toEqual([...serverActions.keys()].sort());
  for (const body of bodies) expect(body).toMatchObject({ type: 'object', required: [body.title] });
});

test('it names no path with a project, and none that is only refused', async () => {
  const { paths } = await document();
  expect(Object.keys(paths).filter((path) => path.includes('project_id'))).toEqual([]);
  expect(Object.keys(paths['/v2.1/flavors'] ?? {})).toEqual(['get']);
});
