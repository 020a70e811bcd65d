import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '@mini-nova/testing';
import { expect, test } from 'vitest';

const SKIPPED = new Set(['node_modules', 'dist', 'faults']);
const OTHER_ROOM = /\.(?:cloud|integration)\.test\.ts$/;
/** What a unit does not start, by the names of what starts it. */
const STARTED =
  /\bopen(?:Database|Parts)\(|services-testing\/(?:cloud|cloud-fixture|api-fixture|run-\w+|[\w-]+-behaviour)'|'node:child_process'|\bstart(?:Node|Fixture|Daemon|Rabbit|Postgres)\(|\bChild\.start\(/;

async function testFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : testFiles(path);
    return entry.name.endsWith('.test.ts') ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

test('a unit starts no database, service or process: its file would be a .cloud.test.ts or .integration.test.ts', async () => {
  const folders = ['packages', 'services', 'benchmarks', 'chaos'].map((name) => join(repositoryRoot, name));
  const files = (await Promise.all(folders.map(testFiles))).flat();
  const units = files.filter((file) => !OTHER_ROOM.test(file));
  expect(units.length).toBeGreaterThan(100);
  const texts = await Promise.all(units.map(async (file) => ({ file, text: await readFile(file, 'utf8') })));
  expect(texts.filter(({ text }) => STARTED.test(text)).map(({ file }) => file)).toEqual([]);
});
