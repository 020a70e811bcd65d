import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type Server } from 'node:tls';
import type { RabbitOptions } from '@mini-nova/messaging';
import { getRabbit } from '@mini-nova/testing';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { RecordingLogger } from '../../packages/messaging/test/recording-logger.ts';
import { CTXT, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { type Certificate, createCertificate } from './support/certificate.ts';

let certificate: Certificate;
/** Ends TLS in front of the broker. */
let server: Server;
let fixture: RpcFixture | undefined;
/** For each connection, whether the client has shown a certificate. */
let identified: boolean[];

beforeAll(async () => {
  certificate = await createCertificate();
});
beforeEach(async () => {
  identified = [];
  const port = Number(new URL((await getRabbit()).url).port || 5672);
  const { cert, key } = certificate;
  server = createServer({ cert, key, ca: cert, requestCert: true, rejectUnauthorized: false }, (client) => {
    identified.push(client.authorized);
    const broker = connect(port, '127.0.0.1');
    for (const socket of [client, broker]) socket.on('error', () => {});
    client.pipe(broker).pipe(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await fixture?.close();
  server.close();
});

/** Calls through TLS; fails at the first refusal. */
async function call(scheme: string, rabbit: RabbitOptions, hostname = '127.0.0.1'): Promise<unknown> {
  const url = new URL((await getRabbit()).url);
  url.host = `${hostname}:${(server.address() as AddressInfo).port}`;
  const rpc = new RpcFixture(url.href.replace('rabbit:', `${scheme}:`));
  fixture = rpc;
  const client = rpc.client({ transport: rpc.transport({ rabbit }) });
  await client.prepare({ retry: 0 }).cast(CTXT, 'note', {});
  await rpc.serve({ echo: () => 'by TLS' }, { transport: rpc.transport({ rabbit }) });
  return client.call(CTXT, 'echo', {});
}

test.each([
  ['rabbits', {}],
  ['amqps', {}],
  ['rabbit', { ssl: true }],
])('%s:// with %o connects by TLS', async (scheme, options) => {
  expect(await call(scheme, { ...options, sslCaFile: certificate.file })).toBe('by TLS');
});

test('the client shows its certificate when it has one', async () => {
  const { file, keyFile } = certificate;
  await call('rabbits', { sslCaFile: file, sslCertFile: file, sslKeyFile: keyFile });
  expect(new Set(identified)).toEqual(new Set([true]));
});

test('an untrusted certificate is refused', async () => {
  await expect(call('rabbits', {})).rejects.toMatchObject({
    code: 'MESSAGE_DELIVERY_FAILURE',
    message: expect.stringContaining('self-signed certificate'),
  });
});

test('a certificate of another host is refused', async () => {
  await expect(call('rabbits', { sslCaFile: certificate.file }, 'localhost')).rejects.toMatchObject({
    code: 'MESSAGE_DELIVERY_FAILURE',
    message: expect.stringContaining("does not match certificate's altnames"),
  });
});

test('a refusal by the other end is logged with its alert', async () => {
  const { cert, key, file } = certificate;
  const strict = createServer({ cert, key, ca: cert, requestCert: true }, () => {});
  strict.on('tlsClientError', () => {});
  strict.listen(0, '127.0.0.1');
  await once(strict, 'listening');
  try {
    const rpc = new RpcFixture(`rabbits://127.0.0.1:${(strict.address() as AddressInfo).port}/`);
    fixture = rpc;
    const logger = new RecordingLogger();
    rpc
      .transport({ logger, rabbit: { sslCaFile: file } })
      .ready()
      .catch(() => {});
    await vi.waitFor(() => expect(logger.at('warn')).not.toEqual([]));
    expect(logger.at('warn')[0]?.data.reason).toMatch(/^TLS failed: .*alert certificate required$/);
  } finally {
    strict.close();
  }
});
