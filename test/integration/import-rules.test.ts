import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { repositoryRoot, tempDir } from '@mini-nova/testing';
import { expect, test } from 'vitest';

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

test('the check refuses each import that ARCHITECTURE.md forbids, and nothing else', () => {
  const copy = copyOfRepository();
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, { cwd: copy, encoding: 'utf8' });
  // The first part of the check, which is over then; it shows twenty problems unless it is told otherwise.
  const lint = () => run('npx', 'biome', 'check', '--max-diagnostics=none');
  const clean = lint();
  expect(clean.status, clean.stdout + clean.stderr).toBe(0);
  for (const [file, imported] of planted) {
    const [specifier, name] = imported.split(' ');
    writeFileSync(join(copy, file), `export ${name ? `{ ${name} }` : '*'} from '${specifier}';\n`);
  }

  expect(run('npm', 'run', 'check').status).not.toBe(0);
  const { stdout, stderr } = lint();
  for (const [file, , rule] of planted) {
    expect(stdout + stderr).toMatch(new RegExp(`${file}:\\d+:\\d+ lint/\\w+/${rule}`));
  }
});
