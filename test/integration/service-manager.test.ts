import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Child,
  findProgram,
  getRabbit,
  repositoryRoot,
  run,
  runCommand,
  tempDir,
  uniqueTopic,
} from '@mini-nova/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { NotifySocket } from './support/notify-socket.ts';

// Each test starts several processes.
vi.setConfig({ testTimeout: 240_000 });

const FIXTURE = join(repositoryRoot, 'packages/service/test/fixtures/managed.mjs');
const UNITS = join(repositoryRoot, 'etc/systemd');

async function start(program: string[], env: Record<string, string>): Promise<Child> {
  const child = await Child.start(process.execPath, program, { env: { ...process.env, ...env } });
  onTestFinished(() => child.signal('SIGKILL', 'group'));
  return child;
}

const startManaged = (workers: number, env: Record<string, string>) => start([FIXTURE, String(workers)], env);
const lines = (child: Child, event: string) =>
  child.stdout
    .split('\n')
    .flatMap((line) => (line.startsWith(`${event} `) ? [Number(line.split(' ')[1])] : []));

const places = [
  ['one process, a path', 1, () => join(tempDir('notify-'), 'socket')],
  ['one process, an abstract name', 1, () => `@${uniqueTopic('notify')}`],
  ['workers, a path', 2, () => join(tempDir('notify-'), 'socket')],
] as const;

test.each(places)('%s: readiness, reload and stop are notified in order', async (_, workers, name) => {
  const NOTIFY_SOCKET = name();
  const socket = await NotifySocket.bind(NOTIFY_SOCKET);
  const daemon = await startManaged(workers, { NOTIFY_SOCKET });
  await socket.until('READY');
  expect(lines(daemon, 'started')).toHaveLength(workers);
  const before = process.hrtime.bigint() / 1000n;
  daemon.signal('SIGHUP');
  await socket.until('READY', 2);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  const told = socket.notifications;
  expect(told.map(({ STATUS: _status, ...rest }) => Object.keys(rest).join()).filter(Boolean)).toEqual([
    'READY,MAINPID',
    'RELOADING,MONOTONIC_USEC',
    'READY',
    'STOPPING',
  ]);
  expect(told.map(({ STATUS }) => STATUS)).toEqual([
    'Starting',
    'Serving',
    'Reloading',
    'Serving',
    'Stopping: what runs is brought to its end',
  ]);
  expect(told.find(({ MAINPID }) => MAINPID !== undefined)?.MAINPID).toBe(String(daemon.pid));
  // systemd accepts the answer to its SIGHUP only if it is not older than that.
  const stamp = BigInt(told.find(({ RELOADING }) => RELOADING)?.MONOTONIC_USEC ?? 0);
  expect(stamp > before && stamp < process.hrtime.bigint() / 1000n).toBe(true);
});

test.each([1, 2])('with restart_method reload a reload of %i is no stop', async (workers) => {
  const NOTIFY_SOCKET = join(tempDir('notify-'), 'socket');
  const socket = await NotifySocket.bind(NOTIFY_SOCKET);
  const daemon = await startManaged(workers, { NOTIFY_SOCKET, OS_DEFAULT__RESTART_METHOD: 'reload' });
  await socket.until('READY');
  daemon.signal('SIGHUP');
  await socket.until('READY', 2);
  expect(lines(daemon, 'started')).toHaveLength(2 * workers);
  expect(socket.count('STOPPING')).toBe(0);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(socket.count('STOPPING')).toBe(1);
});

test('a configuration that cannot be used ends the reload, too', async () => {
  const file = join(tempDir('notify-'), 'nova.conf');
  const NOTIFY_SOCKET = `${file}.socket`;
  const socket = await NotifySocket.bind(NOTIFY_SOCKET);
  writeFileSync(file, '');
  const daemon = await start([FIXTURE, '1', file], { NOTIFY_SOCKET });
  await socket.until('READY');
  writeFileSync(file, '[DEFAULT]\nreport_interval = never\n');
  daemon.signal('SIGHUP');
  await socket.until('READY', 2);
  expect(daemon.stderr).toContain('The configuration cannot be used; nothing has changed');
});

test('the watchdog is fed only while the event loop turns', async () => {
  const NOTIFY_SOCKET = join(tempDir('notify-'), 'socket');
  const socket = await NotifySocket.bind(NOTIFY_SOCKET);
  const daemon = await startManaged(1, { NOTIFY_SOCKET, WATCHDOG_USEC: '600000' });
  await socket.until('WATCHDOG', 3);
  daemon.signal('SIGWINCH');
  await daemon.waitForLine(/^blocked/);
  // What was sent before has arrived when two checks a second apart agree.
  let last = -1;
  for (let count = socket.count('WATCHDOG'); count !== last; count = socket.count('WATCHDOG')) {
    last = count;
    await delay(1000);
  }
  await delay(2100);
  // Seven are due, in which a loop that turned would have sent them; one may have been on its way for long.
  expect(socket.count('WATCHDOG')).toBeLessThan(last + 3);
  expect(daemon.running).toBe(true);
});

test('a worker whose event loop does not turn is replaced, and the watchdog fed on', async () => {
  const NOTIFY_SOCKET = join(tempDir('notify-'), 'socket');
  const socket = await NotifySocket.bind(NOTIFY_SOCKET);
  const daemon = await startManaged(2, { NOTIFY_SOCKET, WATCHDOG_USEC: '15000000' });
  await socket.until('WATCHDOG');
  const [hung = 0] = lines(daemon, 'started');
  process.kill(hung, 'SIGWINCH');
  await daemon.waitForLine(new RegExp(`^blocked ${hung}`));
  await daemon.waitForLine(/A worker does not answer; killing it/, 60);
  // A sibling that the machine starves meanwhile may be replaced, too.
  const started = () => lines(daemon, 'started').length;
  await vi.waitFor(() => expect(started()).toBeGreaterThanOrEqual(3));
  const fed = socket.count('WATCHDOG');
  await socket.until('WATCHDOG', fed + 1);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

test('a watchdog of another process is not fed', async () => {
  const NOTIFY_SOCKET = join(tempDir('notify-'), 'socket');
  const socket = await NotifySocket.bind(NOTIFY_SOCKET);
  const daemon = await startManaged(1, { NOTIFY_SOCKET, WATCHDOG_USEC: '100000', WATCHDOG_PID: '1' });
  await socket.until('READY');
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(socket.count('WATCHDOG')).toBe(0);
});

test('a socket at which nobody listens is logged, and changes nothing else', async () => {
  const daemon = await startManaged(1, { NOTIFY_SOCKET: join(tempDir('notify-'), 'nobody') });
  await daemon.waitForLine(/The service manager cannot be told/);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
});

test('a daemon on a broker is ready when it serves', async () => {
  const folder = tempDir('notify-');
  const NOTIFY_SOCKET = join(folder, 'socket');
  const socket = await NotifySocket.bind(NOTIFY_SOCKET);
  const { url } = await getRabbit();
  const database = ['--database-connection', `sqlite:///${join(folder, 'nova.sqlite')}`];
  expect(await runCommand('nova-manage', [...database, 'db', 'sync'])).toMatchObject({ code: 0 });
  const daemon = await start(
    [join(repositoryRoot, 'bin/nova-conductor'), ...database, '--transport-url', url, '--workers', '2'],
    { NOTIFY_SOCKET },
  );
  await socket.until('READY');
  expect(daemon.output.match(/Service started/g)).toHaveLength(2);
  daemon.signal('SIGTERM');
  expect(await daemon.ended).toBe(0);
  expect(socket.notifications.at(-1)).toMatchObject({ STOPPING: '1' });
});

test('systemd finds nothing wrong with the units', async () => {
  const analyze = await findProgram(['systemd-analyze']);
  if (analyze === undefined) throw new Error('systemd-analyze is missing: install systemd');
  const units = readdirSync(UNITS).filter((name) => name.endsWith('.service'));
  expect(units.sort()).toEqual(
    ['nova-api', 'nova-compute', 'nova-conductor', 'nova-scheduler'].map((name) => `${name}.service`),
  );
  const folder = tempDir('units-');
  for (const unit of units) {
    const text = readFileSync(join(UNITS, unit), 'utf8');
    expect(text).toMatch(/^Type=notify/m);
    // The programs are in this repository, not where they are installed.
    writeFileSync(join(folder, unit), text.replaceAll('/opt/mini-nova', repositoryRoot));
  }
  const paths = units.map((unit) => join(folder, unit));
  const { code, stderr } = await run(analyze, ['verify', '--man=no', '--recursive-errors=no', ...paths]);
  expect({ code, complaints: stderr.split('\n').filter((line) => line.includes('nova')) }).toEqual({
    code: 0,
    complaints: [],
  });
});
