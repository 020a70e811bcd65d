import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { repositoryRoot, run, tempDir } from '@mini-nova/testing';
import { beforeAll, expect, test } from 'vitest';

/** For each planted file, what it imports (all of it, or one name) and the rule that refuses it. */
const planted = [
  ['services/compute/planted-data.ts', '@mini-nova/data/instances/store', 'noUndeclaredDependencies'],
  ['services/compute/planted-database.ts', '@mini-nova/database', 'noRestrictedImports'],
  ['services/compute/planted-conductor.ts', '@mini-nova/conductor/sweeps/index', 'noRestrictedImports'],
  ['services/compute/planted-placement.ts', '@mini-nova/placement/allocations', 'noRestrictedImports'],
  ['services/conductor/planted-compute.ts', '@mini-nova/compute/manager', 'noRestrictedImports'],
  ['services/scheduler/planted-conductor.ts', '@mini-nova/conductor/rpcapi', 'noUndeclaredDependencies'],
  ['services/scheduler/filters/planted-filter.ts', '@mini-nova/data/database', 'noRestrictedImports'],
  [
    'services/scheduler/filters/planted-manager.ts',
    '../hosts/host-manager.ts HostManager',
    'noRestrictedImports',
  ],
  ['services/scheduler/weighers/planted-weigher.ts', '@mini-nova/database', 'noRestrictedImports'],
  ['services/compute/rpcapi/planted-leaf.ts', '../manager.ts', 'noRestrictedImports'],
  ['services/conductor/rpcapi/planted-leaf.ts', '@mini-nova/data/database', 'noRestrictedImports'],
  ['services/api/servers/planted-store.ts', '@mini-nova/data/instances/store', 'noRestrictedImports'],
  ['services/api/planted-queries.ts', '@mini-nova/data/instances/queries', 'noRestrictedImports'],
  ['services/placement/rpcapi/planted-rpcapi.ts', '@mini-nova/compute/rpcapi', 'noRestrictedImports'],
  ['services/api/documents/planted-leaf.ts', '../app.ts', 'noRestrictedImports'],
  ['services/client/planted-view.ts', '@mini-nova/api/servers/view', 'noRestrictedImports'],
  ['services/manage/planted-main.ts', '@mini-nova/daemons/version', 'noUndeclaredDependencies'],
  ['services/domain/planted-database.ts', '@mini-nova/database', 'noRestrictedImports'],
  ['services/data/planted-compute.ts', '@mini-nova/compute/rpcapi', 'noUndeclaredDependencies'],
  ['packages/messaging/rpc/planted-driver.ts', '../drivers/rabbit/rabbit-driver.ts', 'noRestrictedImports'],
  ['packages/database/planted-table.ts', '@mini-nova/data/services/table', 'noUndeclaredDependencies'],
  ['packages/service/planted-compute.ts', '@mini-nova/compute/rpcapi', 'noUndeclaredDependencies'],
] as const;

/** Relative imports that leave their TypeScript project: the file, what it imports and the project. */
const leaving = [
  ['services/compute/planted-relative.ts', '../scheduler/manager.ts', 'services/compute'],
  ['services/network/rpcapi/planted-relative.ts', '../manager.ts', 'services/network/rpcapi'],
  ['packages/messaging/planted-relative.ts', '../service/service.ts', 'packages/messaging'],
] as const;

/** The working tree without what git ignores; it uses the original's installed packages. */
function copyOfRepository(): string {
  const copy = join(tempDir(), 'mini-nova');
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  for (const file of list.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(repositoryRoot, file), join(copy, file));
  }
  symlinkSync(join(repositoryRoot, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

let copy = '';
/** The rules that refuse something of a file, by its path. */
const refused = new Map<string, Set<string>>();

function plant(file: string, imported: string): void {
  const [specifier, name] = imported.split(' ');
  writeFileSync(join(copy, file), `export ${name ? `{ ${name} }` : '*'} from '${specifier}';\n`);
}

beforeAll(async () => {
  copy = copyOfRepository();
  for (const [file, imported] of planted) plant(file, imported);
  // A line for each problem; twenty of them, unless it is told otherwise.
  const args = ['biome', 'check', '.', '--max-diagnostics=none', '--reporter=github'];
  const { code, stdout } = await run('npx', args, { cwd: copy, timeout: 240 });
  expect(code).toBe(1);
  for (const [, rule = '', path = ''] of stdout.matchAll(/^::\w+ title=([^,]*),file=([^,]*),/gm)) {
    const file = relative(copy, path);
    refused.set(file, (refused.get(file) ?? new Set()).add(rule.replace(/^.*\//, '')));
  }
});

test.each(planted)('%s may not import %s: %s', (file, _imported, rule) => {
  expect([...(refused.get(file) ?? [])]).toContain(rule);
});

test('nothing else is refused', () => {
  expect([...refused.keys()].sort()).toEqual(planted.map(([file]) => file).sort());
});

test.each(leaving)('%s may not import %s, which is of another project', async (file, imported, project) => {
  plant(file, imported);
  const { code, stdout } = await run('npx', ['tsc', '--noEmit', '-p', project], { cwd: copy, timeout: 240 });
  expect(code).not.toBe(0);
  expect(stdout).toContain(`${file}(1,15): error TS6059`);
});

test('npm run check begins with what refuses imports, and goes on with the compiler', () => {
  const { scripts } = JSON.parse(readFileSync(join(repositoryRoot, 'package.json'), 'utf8'));
  expect(scripts.check).toMatch(/^biome check \. && .*npm run build && /);
  expect(scripts.build).toMatch(/^tsc -b && /);
});
