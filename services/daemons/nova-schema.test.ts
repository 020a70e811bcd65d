import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { insertReference, loadConfig, type Option, renderReference, type Schema } from '@mini-nova/config';
import { repositoryRoot } from '@mini-nova/testing';
import { describe, expect, test } from 'vitest';
import { novaSchema } from './nova-schema.ts';

const options = Object.entries<Schema[string]>(novaSchema).flatMap(([group, named]) =>
  Object.entries<Option<unknown>>(named).map(([name, option]) => ({ path: `${group}.${name}`, option })),
);

test.each(options)('$path is explained: help, and what is allowed', ({ option }) => {
  expect(option.doc).toMatch(/\S.*\.$/);
  expect(option.allowed).not.toBe('');
});

test('the defaults are accepted, and refer to each other', () => {
  const overrides = { 'DEFAULT.state_path': '/srv/nova' };
  const config = loadConfig({ schema: novaSchema, configFiles: [], env: {}, overrides });
  expect(config.database.connection).toBe('sqlite:////srv/nova/nova.sqlite');
  expect(config.warnings).toEqual([]);
});

test.each([
  ['fake.vcpus', 2 ** 31],
  ['fake.memory_mb', 0],
  ['fake.disk_gb', -1],
  ['DEFAULT.reserved_host_memory_mb', -1],
  ['DEFAULT.reserved_host_disk_mb', 2 ** 31],
  ['DEFAULT.initial_cpu_allocation_ratio', 0],
  ['DEFAULT.initial_cpu_allocation_ratio', 'nan'],
  ['DEFAULT.initial_disk_allocation_ratio', 'inf'],
  ['DEFAULT.initial_disk_allocation_ratio', 1e9],
  ['DEFAULT.osapi_max_limit', 2 ** 40],
  ['DEFAULT.osapi_compute_listen_port', 65_536],
  ['observability.port', 70_000],
  ['observability.otlp_endpoint', 'http://127.0.0.1:99999'],
  ['DEFAULT.report_interval', 1e7],
  ['filter_scheduler.ram_weight_multiplier', '1e308'],
  ['DEFAULT.host', 'h'.repeat(241)],
  ['DEFAULT.control_exchange', '\u00e9'.repeat(128)],
  ['oslo_messaging_notifications.topics', ['x'.repeat(247)]],
  ['notifications.versioned_notifications_topics', ['x', '\u00e9'.repeat(124)]],
])('%s = %s is refused before anything starts', (option, value) => {
  const group = option.split('.')[0];
  const refusal = new RegExp(
    `\\[${group}\\] ${option.split('.')[1]} = .*: must be .*(from|at least|at most) `,
  );
  const overrides = { [option]: value };
  expect(() => loadConfig({ schema: novaSchema, configFiles: [], env: {}, overrides })).toThrow(refusal);
});

test('docs/configuration.md has the reference generated from the schema (else: npm run config:generate)', () => {
  const page = readFileSync(join(repositoryRoot, 'docs/configuration.md'), 'utf8');
  expect(page).toBe(insertReference(page, renderReference(novaSchema)));
});

// An owner's options that are not composed would be unknown to everyone.
describe('the options of every owner are in it', () => {
  const folders = ['packages', 'services'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(repositoryRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /(^|[/-])options(\.ts|\/[\w-]+\.ts)$/.test(path))
      .filter((path) => !/dist\/|node_modules\/|\.test\.ts$/.test(path))
      .map((path) => join(folder, path))
      .filter((path) =>
        readFileSync(join(repositoryRoot, path), 'utf8').includes("from '@mini-nova/config'"),
      ),
  );

  test.each(files)('%s', async (file) => {
    const module: Record<string, unknown> = await import(join(repositoryRoot, file));
    const tables = Object.entries(module).filter(([name]) => name.endsWith('Options'));
    for (const [, table] of tables) {
      const declared = typeof table === 'function' ? table('') : table;
      for (const [group, named] of Object.entries<Schema[string]>(declared)) {
        const composed: Schema[string] = (novaSchema as Schema)[group] ?? {};
        expect(Object.keys(composed), `[${group}] is missing in novaSchema`).toEqual(
          expect.arrayContaining(Object.keys(named)),
        );
      }
    }
  });
});
