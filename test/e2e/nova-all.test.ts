import { join } from 'node:path';
import { type Daemon, freePort, runCommand, startDaemon, tempDir } from '@mini-nova/testing';
import { expect, test } from 'vitest';

async function startNovaAll(folder: string, port: number): Promise<{ daemon: Daemon; endpoint: string }> {
  const database = `sqlite:///${join(folder, 'nova.sqlite')}`;
  const args = ['--port', String(port), '--host', 'solo', '--database-connection', database];
  const daemon = await startDaemon('nova-all', args, { env: { OS_DEFAULT__STATE_PATH: folder } });
  const line = await daemon.waitForLine(/Compute API: http/);
  return { daemon, endpoint: line.replace(/^.*Compute API: /, '') };
}

test('runs the whole cloud, says how to boot, and keeps its instances over a restart', async () => {
  const folder = tempDir();
  const port = await freePort();
  const first = await startNovaAll(folder, port);
  expect(first.endpoint).toBe(`http://127.0.0.1:${port}/v2.1`);

  // The command it prints is the one to run.
  const line = await first.daemon.waitForLine(/^ +bin\/nova .* boot /);
  const [, ...command] = line.trim().split(' ');
  const booted = await runCommand('nova', [...command, '--json']);
  expect(booted, first.daemon.output).toMatchObject({ code: 0 });
  const { id, status } = JSON.parse(booted.stdout);
  expect(status).toBe('ACTIVE');
  const end = await first.daemon.stop();
  expect(end.code).toBe(0);

  const second = await startNovaAll(folder, port);
  const stopped = await runCommand('nova', ['--endpoint', second.endpoint, 'stop', '--poll', '--json', id]);
  expect(JSON.parse(stopped.stdout)).toMatchObject({ id, status: 'SHUTOFF' });
  expect(await second.daemon.stop('SIGINT')).toMatchObject({ code: 0 });
});

test('says in one line that its port is taken, and exits 1', async () => {
  const port = await freePort();
  const { daemon } = await startNovaAll(tempDir(), port);
  const folder = tempDir();
  const database = `sqlite:///${join(folder, 'nova.sqlite')}`;
  const args = ['--port', String(port), '--database-connection', database];
  const env = { OS_DEFAULT__STATE_PATH: folder };
  const { code, stdout, stderr } = await runCommand('nova-all', args, { env });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(
    new RegExp(`^nova-all: Cannot listen on 127\\.0\\.0\\.1:${port}: the port is in use\\. .*--port.*\\n$`),
  );
  await daemon.stop();
});
