import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Target } from '@mini-nova/messaging';
import { RequestContext } from '@mini-nova/service';
import { freePort, type PrivateRabbit, startRabbit } from '@mini-nova/testing';
import { expect, onTestFinished, test, vi } from 'vitest';
import { runWorkerDaemon, startWorkerDaemon } from './support/worker-daemon.ts';

const patiently = { interval: 50 };
const ctxt = new RequestContext();

interface Readiness {
  status: string;
  checks: Record<string, { ok: boolean; reason?: string }>;
}

/** A daemon with an observability endpoint. */
async function startDaemon({ url, workers = 1 }: { url?: string; workers?: number } = {}) {
  const configuration = '[oslo_messaging_rabbit]\nrabbit_retry_interval = 0.2\n[observability]\nport = 0';
  const daemon = await startWorkerDaemon({ ...(url && { url }), workers, configuration });
  const port = await daemon.base.getBackdoorPort(ctxt);
  return { ...daemon, endpoint: `http://127.0.0.1:${port}` };
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
    const { client, rpc, topic, endpoint } = await startDaemon({ workers });
    const strange = rpc.getClient(new Target({ topic, version: '1.9' }));
    expect((await fetch(`${endpoint}/healthz`)).status).toBe(200);
    // A starved worker may answer too late for one check.
    await vi.waitFor(async () => {
      const report = await readiness(endpoint);
      expect(report).toMatchObject({ code: 200, status: 'ready' });
      expect(Object.keys(report.checks).length).toBeGreaterThanOrEqual(workers);
    }, patiently);
    await Promise.all(Array.from({ length: 60 }, () => client.whoami(ctxt)));
    await expect(strange.call(ctxt, 'whoami')).rejects.toThrow();
    const served = 'nova_rpc_server_duration_seconds_count';
    await vi.waitFor(async () => {
      expect(await sample(endpoint, served, { method: 'whoami' })).toBe(60);
      expect(await sample(endpoint, 'nova_rpc_server_errors_total', { method: 'unknown' })).toBe(1);
    }, patiently);
    expect(await sample(endpoint, 'nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
  },
);

test('a killed worker does not take its counts with it, and the endpoint goes on', async () => {
  const { child, client, endpoint } = await startDaemon({ workers: 2 });
  const calls = await Promise.all(Array.from({ length: 50 }, () => client.whoami(ctxt)));
  const count = () => sample(endpoint, 'nova_rpc_server_duration_seconds_count', { method: 'whoami' });
  await vi.waitFor(async () => expect(await count()).toBe(50), patiently);
  process.kill(Number(calls[0]), 'SIGKILL');
  await vi.waitFor(() => expect(child.stderr.match(/Worker started/g)).toHaveLength(3), patiently);
  await vi.waitFor(async () => expect(await count()).toBe(50), patiently);
  await vi.waitFor(async () => expect((await readiness(endpoint)).status).toBe('ready'), patiently);
});

test('a daemon whose broker is away lives and is not ready, and is ready again when it is back', async () => {
  const rabbit: PrivateRabbit = await startRabbit();
  onTestFinished(() => rabbit.close());
  const { endpoint } = await startDaemon({ url: rabbit.url });
  await vi.waitFor(async () => expect((await readiness(endpoint)).status).toBe('ready'), patiently);
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
  const taken = createServer().listen(await freePort(), '127.0.0.1');
  onTestFinished(() => void taken.close());
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as AddressInfo;
  const { child } = await runWorkerDaemon({ workers: 1, configuration: `[observability]\nport = ${port}` });
  expect(await child.ended).toBe(1);
  expect(child.stderr).toContain(`127.0.0.1 port ${port}`);
});

test('without a configured port there is no endpoint, and its library is not loaded', async () => {
  const spy = `data:text/javascript,process.on('exit', () => {
    const { Module } = process.getBuiltinModule('node:module');
    console.log('loaded ' + Object.keys(Module._cache).join(' '));
  })`;
  const { child, base } = await startWorkerDaemon({ workers: 1, flags: ['--import', spy] });
  expect(await base.getBackdoorPort(ctxt)).toBeNull();
  child.signal('SIGTERM');
  expect(await child.ended).toBe(0);
  expect(child.stdout).toMatch(/^loaded .*amqplib/m);
  expect(child.stdout).not.toMatch(/prom-client|opentelemetry|pino-pretty/);
});
