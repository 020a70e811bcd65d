import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { Child, freePort, repositoryRoot, runCommand, tempDir } from '@mini-nova/testing';
import { expect, onTestFinished, test, vi } from 'vitest';

const patiently = { interval: 20 };
/** As Node.js says. */
const OPENED = /Debugger listening on ws:\/\/([\d.]+):(\d+)/;

async function start(bin: string, args: string[], env: Record<string, string> = {}): Promise<Child> {
  // A port for the debugger that no other process uses.
  const NODE_OPTIONS = `--inspect-port=${await freePort()} ${env.NODE_OPTIONS ?? ''}`;
  const program = [join(repositoryRoot, 'bin', bin), ...args];
  const child = await Child.start(process.execPath, program, {
    env: { ...process.env, ...env, NODE_OPTIONS },
  });
  onTestFinished(() => child.signal('SIGKILL', 'group'));
  return child;
}

async function startConductor(env: Record<string, string> = {}): Promise<Child> {
  const folder = tempDir();
  const database = ['--database-connection', `sqlite:///${join(folder, 'nova.sqlite')}`];
  expect(await runCommand('nova-manage', [...database, 'db', 'sync'])).toMatchObject({ code: 0 });
  const args = [...database, '--transport-url', 'memory://', '--workers', '2', '--host', 'no-debugger'];
  const conductor = await start('nova-conductor', args, { OS_DEFAULT__STATE_PATH: folder, ...env });
  await vi.waitFor(
    () => expect([...conductor.stderr.matchAll(/"Worker started"/g)], conductor.output).toHaveLength(2),
    patiently,
  );
  return conductor;
}

test('SIGUSR1 opens no debugger in a daemon, be it the primary or a worker', async () => {
  const conductor = await startConductor();
  const workers = [...conductor.stderr.matchAll(/"workerPid":(\d+)/g)].map(([, pid]) => Number(pid));
  for (const pid of [conductor.pid, ...workers]) process.kill(pid, 'SIGUSR1');
  await vi.waitFor(() => expect(conductor.stderr.match(/SIGUSR1 does nothing/g)).toHaveLength(3), patiently);
  expect(conductor.stderr).not.toMatch(OPENED);
  conductor.signal('SIGTERM');
  expect(await conductor.ended).toBe(0);
});

test('a debugger opened before the daemon could listen is closed when it serves', async () => {
  const early = join(tempDir(), 'early.cjs');
  writeFileSync(early, "process.kill(process.pid, 'SIGUSR1');");
  const conductor = await startConductor({ NODE_OPTIONS: `--require ${early}` });
  const opened = () => conductor.stderr.split('\n').flatMap((line) => OPENED.exec(line)?.[2] ?? []);
  // Node.js 24 opens it twice, the second time somewhat later.
  await vi.waitFor(async () => {
    expect(conductor.stderr.match(/it is closed/g) ?? [], conductor.stderr).toHaveLength(opened().length);
    for (const port of opened()) {
      const answer = await fetch(`http://127.0.0.1:${port}/json/version`).catch((error: Error) => error);
      expect(answer).toBeInstanceOf(TypeError);
    }
  }, patiently);
  conductor.signal('SIGTERM');
  expect(await conductor.ended).toBe(0);
});

test('SIGHUP and SIGUSR2 do not end a starting daemon', async () => {
  const early = join(tempDir(), 'early.cjs');
  const send = "for (const signal of ['SIGHUP', 'SIGUSR2']) process.kill(process.pid, signal);";
  writeFileSync(
    early,
    `process.on('newListener', (signal) => { if (signal === 'SIGUSR1') setImmediate(() => { ${send} }); });`,
  );
  const conductor = await startConductor({ NODE_OPTIONS: `--require ${early}` });
  conductor.signal('SIGTERM');
  expect(await conductor.ended).toBe(0);
});

test.each([
  ['nova', (port: number) => ['--endpoint', `http://127.0.0.1:${port}/v2.1`, 'list']],
  [
    'nova-manage',
    (port: number) => ['--database-connection', `postgresql://u@127.0.0.1:${port}/n`, 'db', 'version'],
  ],
])('SIGUSR1 opens no debugger in %s, and does not end it', async (bin, args) => {
  const connected: Socket[] = [];
  const server = createServer((socket) => void connected.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  const command = await start(bin, args(typeof address === 'object' && address ? address.port : 0));
  await vi.waitFor(() => expect(connected).not.toEqual([]), patiently);
  // Each signal is a chance for the debugger; the command cannot tell when it has received one, and waits for at least
  // two seconds.
  for (let signal = 0; signal < 20 && command.running; signal += 1) {
    command.signal('SIGUSR1');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  for (const socket of connected) socket.destroy();
  server.close();
  expect(await command.ended).toBe(1);
  expect(command.stderr).not.toMatch(OPENED);
});
