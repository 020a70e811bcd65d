import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nova } from '@mini-nova/services-testing/run-nova';
import { freePort } from '@mini-nova/testing';
import { expect, onTestFinished, test } from 'vitest';

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v2.1`;
}

test('names the endpoint, and how to start it, when nobody listens', async () => {
  const free = `http://127.0.0.1:${await freePort()}/v2.1`;
  const { code, out, err } = await nova(free, ['list']);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toBe(
    `ERROR: cannot reach the compute API at ${free}: nothing listens there. Start the cloud with "npm start", or name the API with --endpoint or NOVA_ENDPOINT.\n`,
  );
});

test('gives up on a server that does not answer', async () => {
  const endpoint = await serve(() => {});
  const { code, err } = await nova(endpoint, ['list', '--timeout', '0.2']);
  expect({ code, err }).toEqual({ code: 1, err: `ERROR: no answer from ${endpoint} within 0.2 s.\n` });
});

test('gives up on a server that begins an answer and does not end it', async () => {
  const endpoint = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"servers":');
  });
  expect((await nova(endpoint, ['list', '--timeout', '0.2'])).err).toMatch(/within 0\.2 s/);
});

test('says so when something other than a compute API answers', async () => {
  const endpoint = await serve((_request, response) => response.end('<html>'));
  const { code, err } = await nova(endpoint, ['list']);
  expect(code).toBe(1);
  expect(err).toMatch(/answered HTTP 200 with something that is not JSON\. Is it a compute API\?\n$/);
});

test('says so when the connection breaks', async () => {
  const endpoint = await serve((request) => request.socket.destroy());
  expect((await nova(endpoint, ['list'])).err).toMatch(
    /^ERROR: cannot reach the compute API at http.*: UND_ERR_SOCKET/,
  );
});

test('an error without an OpenStack body is shown by its status', async () => {
  const endpoint = await serve((_request, response) => response.writeHead(502).end('{}'));
  expect((await nova(endpoint, ['list'])).err).toBe('ERROR (ClientException): Bad Gateway (HTTP 502)\n');
});

test('takes an endpoint with or without a slash at its end', async () => {
  const paths: (string | undefined)[] = [];
  const endpoint = await serve((request, response) => {
    paths.push(request.url);
    response.end('{"servers":[]}');
  });
  await nova(endpoint, ['list']);
  await nova(`${endpoint}/`, ['list']);
  expect(paths).toEqual(['/v2.1/servers/detail', '/v2.1/servers/detail']);
});

test('sends the id of a project in UTF-8, and refuses one that no header can have', async () => {
  const ids: string[] = [];
  const endpoint = await serve(({ headers }, response) => {
    ids.push(Buffer.from(String(headers['x-project-id']), 'latin1').toString('utf8'));
    response.end('{"servers":[]}');
  });
  for (const id of ['\u00e9', '\u65e5']) {
    expect((await nova(endpoint, ['--os-project-id', id, 'list'])).code).toBe(0);
  }
  const { code, err } = await nova(endpoint, ['--os-project-id', 'a\nb', 'list']);
  expect(code).toBe(2);
  expect(err).toMatch(/^error: the id of the project has characters that cannot be sent\.\n/);
  expect(ids).toEqual(['\u00e9', '\u65e5']);
});

test('follows the pages of a list to its end', async () => {
  const server = (id: string) => ({ id, name: id, status: 'ACTIVE', addresses: {} });
  const markers: (string | null)[] = [];
  const endpoint = await serve((request, response) => {
    const marker = new URL(request.url ?? '', 'http://x').searchParams.get('marker');
    markers.push(marker);
    const page = marker === null ? [server('a'), server('b')] : [server('c')];
    const links = marker === null ? { servers_links: [{ rel: 'next', href: 'x' }] } : {};
    response.end(JSON.stringify({ servers: page, ...links }));
  });
  const { json } = await nova(endpoint, ['list', '--json']);
  expect(json().map(({ id }: { id: string }) => id)).toEqual(['a', 'b', 'c']);
  expect(markers).toEqual([null, 'b']);
});
