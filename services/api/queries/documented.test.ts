import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

const docs = (name: string) => readFile(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

interface Operation {
  parameters?: { in: string; name: string; description: string }[];
}

/** `name who` of each parameter, by `GET /servers`: as the routes say, of which openapi.json is made. */
async function parametersOfRoutes(): Promise<Record<string, string[]>> {
  const paths = JSON.parse(await docs('openapi.json')).paths as Record<string, Record<string, Operation>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [] }]) => {
      const asked = parameters.filter((parameter) => parameter.in === 'query');
      const names = asked.map(({ name, description }) => `${name} ${description.replace('For ', '')}`);
      return [`${method.toUpperCase()} ${path.replace('/v2.1', '')}`, names.sort()] as const;
    }),
  );
  return Object.fromEntries(operations.filter(([, names]) => names.length > 0));
}

/** The same, by the headings of api.md. */
async function parametersInText(): Promise<Record<string, string[]>> {
  const sections = (await docs('api.md')).split('\n### ').slice(1);
  const operations = sections.flatMap((section) => {
    const [heading = ''] = section.split('\n');
    const rows = [...section.matchAll(/^\| `(.+?)` \| (\w+) \|/gm)].map(([, name, who]) => `${name} ${who}`);
    return [...heading.matchAll(/`(.+?)`/g)].map(([, operation = '']) => [operation, rows] as const);
  });
  return Object.fromEntries(operations);
}

test('the document of the API has all parameters of every list in alphabetical order, and who has them', async () => {
  expect(await parametersInText()).toEqual(await parametersOfRoutes());
});
