import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { migrations } from './migrate.ts';

it('applies the migration of each file in migrations/, in the order of their numbers', async () => {
  const files = readdirSync(join(import.meta.dirname, 'migrations')).filter((name) => name.endsWith('.ts'));
  const modules = files.sort().map(async (file) => Object.values(await import(`./migrations/${file}`)));
  expect(migrations).toEqual((await Promise.all(modules)).flat());
  expect(migrations.map(({ version }) => version)).toEqual(files.map((file) => Number(file.slice(0, 4))));
});
