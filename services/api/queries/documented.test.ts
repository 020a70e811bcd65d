import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { flavorParameters } from '../flavors/query.ts';
import { imageParameters } from '../images/query.ts';
import { serverParameters } from '../servers/query.ts';
import { serviceParameters } from '../services/query.ts';

const tables: [list: string, parameters: Record<string, { for: string }>][] = [
  ['GET /servers', serverParameters],
  ['GET /flavors', flavorParameters],
  ['GET /images', imageParameters],
  ['GET /os-services', serviceParameters],
];

test.each(tables)(
  'the document of the API has all parameters of %s, and who has them',
  async (list, parameters) => {
    const text = await readFile(new URL('../../../docs/api.md', import.meta.url), 'utf8');
    const section = text.split('\n### ').find((part) => part.startsWith(`\`${list}\``)) ?? '';
    const rows = [...section.matchAll(/^\| `(.+?)` \| (\w+) \|/gm)].map(([, name, who]) => `${name} ${who}`);
    expect(rows).toEqual(
      Object.entries(parameters)
        .map(([name, { for: who }]) => `${name} ${who}`)
        .sort(),
    );
  },
);
