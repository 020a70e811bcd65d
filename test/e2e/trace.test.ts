import { afterAll, expect, test } from 'vitest';
import { OtlpCollector } from '../../packages/service/test/otlp-collector.ts';
import { Deployment, printOutputOnFailure } from './support/deployment.ts';

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

let cloud: Deployment | undefined;

afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

test('a boot is one trace, from the REST request to the guest, and its id is in the log of every daemon', async () => {
  const collector = await OtlpCollector.start();
  const deployment = await Deployment.start({
    computes: { 'host-a': {} },
    env: {
      OS_OBSERVABILITY__OTLP_ENDPOINT: collector.endpoint,
      OS_DEFAULT__DEBUG: 'true',
      // Soon, and not only at the stop, when the last spans get only two seconds, however busy the machine is.
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  });
  cloud = deployment;
  const { id: imageRef } = (await deployment.nova<{ id: string }[]>('image-list'))[0] ?? {};
  const response = await fetch(`${deployment.endpoint}/servers`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-01`,
    },
    body: JSON.stringify({ server: { name: 'traced', imageRef, flavorRef: '1' } }),
  });
  expect(response.status).toBe(202);
  const requestId = response.headers.get('x-openstack-request-id');
  await expect.poll(async () => (await deployment.show('traced')).status).toBe('ACTIVE');

  for (const name of ['nova-api', 'nova-conductor', 'nova-scheduler', 'host-a']) {
    const lines = deployment.daemon(name).output.split('\n');
    expect(
      lines.some((line) => line.includes(`"request_id":"${requestId}"`)),
      name,
    ).toBe(true);
  }
  const spansOfTrace = () => collector.spans.filter(({ traceId }) => traceId === CALLER.traceId);
  const pathTo = (name: string): string[] => {
    const spans = spansOfTrace();
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const path: string[] = [];
    let span = spans.find((one) => one.name === name);
    for (; span; span = byId.get(span.parentSpanId ?? '')) path.unshift(`${span.kind} ${span.name}`);
    return path;
  };
  const root = 'server POST /v2.1/servers';
  for (const name of ['driver.spawn', 'select destinations']) {
    await expect.poll(() => pathTo(name)[0]).toBe(root);
  }
  // The rest is sent when they stop.
  await Promise.all([...deployment.daemons.values()].map((daemon) => daemon.stop()));
  expect(pathTo('driver.spawn')).toEqual([
    root,
    'producer conductor schedule_and_build_instances',
    'consumer conductor schedule_and_build_instances',
    'producer compute build_and_run_instance',
    'consumer compute build_and_run_instance',
    'internal driver.spawn',
  ]);
  expect(pathTo('select destinations').slice(-3)).toEqual([
    'client scheduler select_destinations',
    'server scheduler select_destinations',
    'internal select destinations',
  ]);
  // One root, which belongs to the caller: the trace is one tree.
  const ids = new Set(spansOfTrace().map(({ spanId }) => spanId));
  const roots = spansOfTrace().filter(({ parentSpanId }) => !ids.has(parentSpanId ?? ''));
  expect(roots).toMatchObject([{ name: 'POST /v2.1/servers', parentSpanId: CALLER.spanId }]);
  expect(roots[0]?.attributes).toMatchObject({
    'http.request.method': 'POST',
    'http.route': '/v2.1/servers',
    'nova.request_id': requestId,
  });
  expect(Number(roots[0]?.attributes['http.response.status_code'])).toBe(202);
});
