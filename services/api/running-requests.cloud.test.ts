import type { AddressInfo } from 'node:net';
import { annotateSpan, currentContext, withSpan } from '@mini-nova/service';
import { apiFixture } from '@mini-nova/services-testing/api-fixture';
import { RecordingTracer } from '@mini-nova/services-testing/recording-tracer';
import { expect, test } from 'vitest';

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

test("a request is a span with its route, in its caller's trace", async () => {
  const tracer = RecordingTracer.use();
  const { app } = await apiFixture();
  const url = '/v2.1/flavors/1?a=secret';
  const { headers } = await app.inject({ url, headers: { traceparent: CALLER } });

  const span = tracer.span('GET /v2.1/flavors/:id');
  await expect.poll(() => span.ended).toBe(true);
  expect(span).toMatchObject({ kind: 'server', parent: { traceparent: CALLER }, error: undefined });
  expect(span.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': '/v2.1/flavors/:id',
    'http.response.status_code': 200,
    'url.path': '/v2.1/flavors/1',
    'url.scheme': 'http',
    'nova.request_id': headers['x-openstack-request-id'],
  });
});

test.each([
  ['without a body', undefined],
  ['with a body', { a: 'b' }],
])('what a request %s does is within its span and its context', async (_what, payload) => {
  const tracer = RecordingTracer.use();
  const { app } = await apiFixture();
  app.post('/work', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    annotateSpan({ chosen: 'host1' });
    return withSpan('work', {}, async () => ({ request_id: currentContext()?.request_id }));
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/work`, {
    method: 'POST',
    ...(payload && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(payload) }),
  });

  expect(await response.json()).toEqual({ request_id: response.headers.get('x-openstack-request-id') });
  expect(tracer.span('work').inside).toBe('POST /work');
  expect(tracer.span('POST /work').attributes).toMatchObject({ chosen: 'host1' });
});

test('the span of a request that fails has failed; that of a wrong request has not', async () => {
  const tracer = RecordingTracer.use();
  const { app, get } = await apiFixture();
  app.get('/broken', () => Promise.reject(new Error('secret')));
  await get('/broken');
  await get('/v2.1/flavors/none');
  await get('/nowhere');

  const failed = tracer.span('GET /broken');
  await expect.poll(() => tracer.spans.map(({ ended }) => ended)).toEqual([true, true, true]);
  expect(failed.attributes).toMatchObject({ 'http.response.status_code': 500 });
  expect(failed.error).toMatchObject({ message: 'Internal Server Error' });
  expect(tracer.span('GET /v2.1/flavors/:id')).toMatchObject({
    attributes: { 'http.response.status_code': 404 },
    error: undefined,
  });
  expect(tracer.span('GET').attributes).not.toHaveProperty('http.route');
});
