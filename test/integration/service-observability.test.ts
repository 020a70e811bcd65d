import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { getTransport, silentLogger, Target } from '@mini-nova/messaging';
import { createRpc, RequestContext } from '@mini-nova/service';
import {
  Child,
  freePort,
  getRabbit,
  type PrivateRabbit,
  startRabbit,
  tempDir,
  uniqueTopic,
} from '@mini-nova/testing';
import { expect, onTestFinished, test, vi } from 'vitest';

const DAEMON = fileURLToPath(new URL('./support/worker-daemon.mjs', import.meta.url));
const patiently = { timeout: 20_000, interval: 50 };
const ctxt = new RequestContext();

interface Readiness {
  status: string;
  checks: Record<string, { ok: boolean; reason?: string }>;
}

/** A daemon with an observability endpoint. */
async function startDaemon(url: string, { workers = 1, options = '', port = 0 } = {}) {
  const topic = uniqueTopic('observed');
  const configFile = join(tempDir('observed-'), 'nova.conf');
  const lines = [
    '[DEFAULT]',
    'host = h',
    `transport_url = ${url}`,
    '[oslo_messaging_rabbit]',
    'rabbit_retry_interval = 0.2',
    '[observability]',
    `port = ${port}`,
    options,
  ];
  writeFileSync(configFile, lines.join('\n'), { mode: 0o600 });
  const child = await Child.start(process.execPath, [DAEMON, configFile, topic, String(workers)]);
  const transport = getTransport({
    url,
    controlExchange: 'nova',
    logger: silentLogger,
    rpcResponseTimeout: 10,
  });
  onTestFinished(async () => {
    child.signal('SIGKILL', 'group');
    await transport.close();
  });
  const rpc = createRpc(transport);
  const client = rpc.getClient(new Target({ topic, version: '1.0' }));
  const base = rpc.getClient(new Target({ topic, namespace: 'baseapi', version: '1.1' }));
  const started = workers > 1 ? /Worker started/g : /Service started/g;
  await vi.waitFor(() => expect(child.stderr.match(started)).toHaveLength(workers), patiently);
  const endpoint = async () => `http://127.0.0.1:${await base.call(ctxt, 'get_backdoor_port', {})}`;
  return { child, client, base, endpoint: await endpoint() };
}

async function readiness(endpoint: string): Promise<Readiness & { code: number }> {
  const response = await fetch(`${endpoint}/readyz`);
  return { code: response.status, ...((await response.json()) as Readiness) };
}

/** The value of a sample: `nova_rpc_server_duration_seconds_count{method="whoami",kind="call"}`. */
async function sample(endpoint: string, name: string, labels: Record<string, string> = {}): Promise<number> {
  const text = await (await fetch(`${endpoint}/metrics`)).text();
  const line = text.split('\n').find((candidate) => {
    if (!candidate.startsWith(`${name}{`) && !candidate.startsWith(`${name} `)) return false;
    return Object.entries(labels).every(([label, value]) => candidate.includes(`${label}="${value}"`));
  });
  return line === undefined ? Number.NaN : Number(line.split(' ').at(-1));
}

test.each([1, 3])(
  'health, readiness and metrics of a daemon with %d workers are on one port',
  async (workers) => {
    const { url } = await getRabbit();
    const { client, endpoint } = await startDaemon(url, { workers });
    expect((await fetch(`${endpoint}/healthz`)).status).toBe(200);
    const report = await readiness(endpoint);
    expect(report).toMatchObject({ code: 200, status: 'ready' });
    expect(Object.keys(report.checks).length).toBeGreaterThanOrEqual(workers);
    await Promise.all(Array.from({ length: 60 }, () => client.call(ctxt, 'whoami', {})));
    await expect(client.call(ctxt, 'nonsense', {})).rejects.toThrow();
    const served = 'nova_rpc_server_duration_seconds_count';
    expect(await sample(endpoint, served, { method: 'whoami' })).toBe(60);
    expect(await sample(endpoint, 'nova_rpc_server_errors_total', { method: 'unknown' })).toBe(1);
    expect(await sample(endpoint, 'nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
  },
);

test('a killed worker does not take its counts with it, and the endpoint goes on', async () => {
  const { url } = await getRabbit();
  const { child, client, endpoint } = await startDaemon(url, { workers: 2 });
  const calls = await Promise.all(Array.from({ length: 50 }, () => client.call(ctxt, 'whoami', {})));
  const count = () => sample(endpoint, 'nova_rpc_server_duration_seconds_count', { method: 'whoami' });
  expect(await count()).toBe(50);
  process.kill(Number(calls[0]), 'SIGKILL');
  await vi.waitFor(() => expect(child.stderr.match(/Worker started/g)).toHaveLength(3), patiently);
  expect(await count()).toBe(50);
  await vi.waitFor(async () => expect((await readiness(endpoint)).status).toBe('ready'), patiently);
});

test('a daemon whose broker is away lives and is not ready, and is ready again when it is back', async () => {
  const rabbit: PrivateRabbit = await startRabbit();
  onTestFinished(() => rabbit.close());
  const { endpoint } = await startDaemon(rabbit.url);
  expect((await readiness(endpoint)).status).toBe('ready');
  await rabbit.kill();
  await vi.waitFor(async () => {
    const report = await readiness(endpoint);
    expect(report).toMatchObject({ code: 503, status: 'not ready' });
    expect(report.checks.broker).toMatchObject({ ok: false, reason: expect.stringMatching(/./) });
  }, patiently);
  expect((await fetch(`${endpoint}/healthz`)).status).toBe(200);
  await rabbit.start();
  await vi.waitFor(async () => expect((await readiness(endpoint)).code).toBe(200), patiently);
  expect(await sample(endpoint, 'nova_transport_reconnects_total')).toBeGreaterThanOrEqual(1);
});

test('a port that is taken ends the daemon with a reason', async () => {
  const { url } = await getRabbit();
  const taken = createServer().listen(await freePort(), '127.0.0.1');
  onTestFinished(() => void taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const address = taken.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  const child = await Child.start(process.execPath, [
    DAEMON,
    await configWithPort(url, port),
    uniqueTopic('observed'),
    '1',
  ]);
  expect(await child.ended).toBe(1);
  expect(child.stderr).toContain(`127.0.0.1:${port}`);
});

async function configWithPort(url: string, port: number): Promise<string> {
  const file = join(tempDir('observed-'), 'nova.conf');
  writeFileSync(file, `[DEFAULT]\ntransport_url = ${url}\n[observability]\nport = ${port}\n`, {
    mode: 0o600,
  });
  return file;
}

test('without a configured port there is no endpoint, and nothing of its library is loaded', async () => {
  const { url } = await getRabbit();
  const file = join(tempDir('observed-'), 'nova.conf');
  writeFileSync(file, `[DEFAULT]\nhost = h\ntransport_url = ${url}\n`, { mode: 0o600 });
  const topic = uniqueTopic('observed');
  const spy = `data:text/javascript,process.on('exit', () => {
    const loaded = process.report.getReport().sharedObjects;
    const { Module } = process.getBuiltinModule('node:module');
    console.log('loaded ' + Object.keys(Module._cache).join(' ') + loaded.length);
  })`;
  const child = await Child.start(process.execPath, ['--import', spy, DAEMON, file, topic, '1']);
  await child.waitForLine(/Service started/);
  const transport = getTransport({ url, controlExchange: 'nova', logger: silentLogger });
  const base = createRpc(transport).getClient(new Target({ topic, namespace: 'baseapi', version: '1.1' }));
  expect(await base.call(ctxt, 'get_backdoor_port', {})).toBeNull();
  await transport.close();
  child.signal('SIGTERM');
  expect(await child.ended).toBe(0);
  expect(child.stdout).toMatch(/^loaded .*amqplib/m);
  expect(child.stdout).not.toMatch(/prom-client|opentelemetry|pino-pretty/);
});
