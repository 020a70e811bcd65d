import { expect, test } from 'vitest';
import { startNode } from '../test/fixture-daemon.ts';

const FIXTURE = new URL('../test/fixtures/loaded-scripts.mjs', import.meta.url).pathname;

/** The packages of which a script is loaded when a module of this package is imported. */
async function packagesLoadedBy(module: string): Promise<string[]> {
  const child = await startNode([FIXTURE, `../../dist/${module}`]);
  expect(await child.ended, child.output).toBe(0);
  const scripts = child.stdout.split('\n');
  expect(scripts.some((url) => url.endsWith(`dist/${module}`))).toBe(true);
  return [...new Set(scripts.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))];
}

test('what makes spans loads no package at all', async () => {
  expect(await packagesLoadedBy('tracing/tracer.js')).toEqual([]);
});

test('without tracing and metrics, nothing for them is loaded', async () => {
  const packages = await packagesLoadedBy('index.js');
  expect(packages).toContain('pino');
  expect(packages.filter((name) => /opentelemetry|prom-client/.test(name))).toEqual([]);
});

test('metrics load prom-client, and of OpenTelemetry only the interface that it needs', async () => {
  const packages = await packagesLoadedBy('observability/index.js');
  expect(packages).toContain('prom-client');
  expect(packages.filter((name) => name.startsWith('@opentelemetry'))).toEqual(['@opentelemetry/api']);
});

test('tracing loads OpenTelemetry’s SDK, and no metrics', async () => {
  const packages = await packagesLoadedBy('tracing/otel.js');
  expect(packages).toContain('@opentelemetry/sdk-trace');
  expect(packages).toContain('@opentelemetry/exporter-trace-otlp-http');
  expect(packages).not.toContain('prom-client');
});
