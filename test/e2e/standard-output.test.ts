import { join } from 'node:path';
import {
  type CommandResult,
  type Daemon,
  freePort,
  repositoryRoot,
  run,
  startDaemon,
  tempDir,
} from '@mini-nova/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';

const folder = tempDir();
const database = `sqlite:///${join(folder, 'nova.sqlite')}`;
let cloud: Daemon;
let endpoint: string;

beforeAll(async () => {
  const args = ['--port', String(await freePort()), '--database-connection', database];
  cloud = await startDaemon('nova-all', args, { env: { OS_DEFAULT__STATE_PATH: folder } });
  endpoint = (await cloud.waitForLine(/Compute API: http/)).replace(/^.*Compute API: /, '');
});

afterAll(async () => {
  await cloud.stop();
});

/** Runs a line of a shell, in which each of our programs is a function. */
function shell(line: string): Promise<CommandResult> {
  const functions = ['nova', 'nova-all', 'nova-api', 'nova-manage'].map(
    (name) => `${name}() { "${process.execPath}" bin/${name} "$@"; }`,
  );
  const demo = `demo() { "${process.execPath}" services/daemons/dist/demo.js "$@"; }`;
  const script = [
    'set -o pipefail',
    `export NOVA_ENDPOINT=${endpoint} DATABASE=${database}`,
    ...functions,
    demo,
    line,
  ].join('\n');
  return run('bash', ['-c', script], { cwd: repositoryRoot, timeout: 280 });
}

async function boot(...names: string[]): Promise<void> {
  for (const name of names) {
    const { code, stderr } = await shell(`nova boot --flavor m1.tiny --image cirros --poll ${name}`);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  }
}

async function servers(): Promise<string[]> {
  const { stdout } = await shell('nova list --json');
  return JSON.parse(stdout)
    .map(({ name }: { name: string }) => name)
    .sort();
}

test.each([
  ['a reader that leaves', '| true', 0],
  ['a reader that leaves, told in JSON', '--json | true', 0],
  ['a full device', '>/dev/full', 1],
  ['a full device for errors, too', '>/dev/full 2>/dev/full', 1],
] as const)('a deletion of four with %s deletes all four', async (_, where, expected) => {
  await boot('a', 'b', 'c', 'd');
  const { code, stderr } = await shell(`nova delete a b c d --poll ${where}`);
  expect(await servers()).toEqual([]);
  expect(code).toBe(expected);
  const reason = 'Standard output cannot be written: ENOSPC: no space left on device, write\n';
  expect(stderr).toBe(where === '>/dev/full' ? reason : '');
});

test('progress that nobody reads keeps neither a server from being built nor its result from being printed', async () => {
  const args = '--flavor m1.tiny --image cirros --poll --json';
  const left = await shell(`nova boot ${args} e 2> >(true) | cat`);
  const full = await shell(`nova boot ${args} f 2>/dev/full`);
  for (const { code, stdout } of [left, full]) {
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'ACTIVE' });
  }
  expect(await servers()).toEqual(['e', 'f']);
});

test.each([
  ['nova list | head -1', 0],
  ['nova show nothing 2>/dev/full', 1],
  ['nova --help | true', 0],
  ['nova list >/dev/full', 1],
  ['nova-manage --database-connection $DATABASE service list | true', 0],
  ['nova-manage --database-connection $DATABASE service list --json >/dev/full', 1],
  ['nova-manage --help >/dev/full', 1],
  ['demo | head -1', 0],
  ['demo --json | true', 0],
  // Before there is a logger.
  ['nova-api --config-file /nowhere 2>/dev/full', 2],
  ['nova-api --no-such-flag 2>/dev/full', 2],
  ['nova-api --help | true', 0],
] as const)('%s: exit code %i, and no stack', async (line, expected) => {
  const { code, stderr } = await shell(line);
  expect({ code, stderr }).toMatchObject({ code: expected, stderr: expect.not.stringMatching(/^ +at /m) });
});

test('a cloud whose announcement and log cannot be written works', async () => {
  const port = await freePort();
  const own = tempDir();
  const metrics = await freePort();
  const args = `--debug --port ${port} --database-connection sqlite:///${join(own, 'nova.sqlite')}`;
  const ask = `fetch('http://127.0.0.1:${metrics}/metrics').then((r) => r.text()).then(console.log)`;
  const { code, stdout } = await shell(`
    OS_OBSERVABILITY__PORT=${metrics} OS_DEFAULT__STATE_PATH="${own}" "${process.execPath}" bin/nova-all ${args} >/dev/full 2>/dev/full & cloud=$!
    for _ in $(seq 200); do nova --endpoint http://127.0.0.1:${port}/v2.1 flavor-list --json && break; done 2>/dev/null
    "${process.execPath}" -e "${ask}"
    kill $cloud; wait $cloud`);
  expect(code).toBe(0);
  const [flavors = ''] = stdout.split('\n');
  expect(JSON.parse(flavors).length).toBeGreaterThan(0);
  expect(Number(/^nova_log_lines_dropped_total (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(0);
});
