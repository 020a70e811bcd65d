import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const PACKAGE = join(import.meta.dirname, '..');
/** What is loaded ahead of the importing file; types are not. */
const LOADED = /^(?:import|export) (?!type )(?:[^;]*?from )?'(\.[^']+)';/gm;

async function load(file: string, loaded: Set<string>): Promise<Set<string>> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  for (const [, from = ''] of (await readFile(file, 'utf8')).matchAll(LOADED)) {
    await load(join(dirname(file), from), loaded);
  }
  return loaded;
}

test('a program with RPC only loads nothing of notifications', async () => {
  const loaded = [...(await load(join(PACKAGE, 'index.ts'), new Set()))].map((file) =>
    relative(PACKAGE, file),
  );
  expect(loaded).toContain('rpc/client.ts');
  const ofNotifications = (file: string) => file.startsWith('notify/') || file.includes('notifications');
  expect(loaded.filter(ofNotifications)).toEqual([]);
});
