import type { RequestContext } from '@mini-nova/service';
import { apiFixture, CIRROS } from '@mini-nova/services-testing/api-fixture';
import { expect, test } from 'vitest';

const INSIDE = 'http://inside:8774';

const table: [title: string, headers: Record<string, string>, root: string][] = [
  ['nothing', {}, INSIDE],
  ['a protocol', { 'x-forwarded-proto': 'https' }, 'https://inside:8774'],
  ['a host', { 'x-forwarded-host': 'cloud.example.org' }, 'http://cloud.example.org'],
  ['a prefix', { 'x-forwarded-prefix': '/compute' }, `${INSIDE}/compute`],
  ['a prefix with a slash behind', { 'x-forwarded-prefix': '/a/b/' }, `${INSIDE}/a/b`],
  [
    'all of them',
    {
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'cloud.example.org:8443',
      'x-forwarded-prefix': '/compute',
    },
    'https://cloud.example.org:8443/compute',
  ],
  [
    'several proxies',
    { 'x-forwarded-proto': 'https, http', 'x-forwarded-host': 'a.org, b.org' },
    'https://a.org',
  ],
  ['the standard header', { forwarded: 'for=192.0.2.1;proto=https;host=a.org' }, 'https://a.org'],
  [
    'the standard header, quoted',
    { forwarded: 'Host="[2001:db8::1]:443";Proto="https"' },
    'https://[2001:db8::1]:443',
  ],
  [
    'the standard header of several',
    { forwarded: 'proto=https;host=a.org, proto=http;host=b.org' },
    'https://a.org',
  ],
  [
    'both headers: the standard one counts, and the prefix',
    {
      forwarded: 'proto=https',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'b.org',
      'x-forwarded-prefix': '/c',
    },
    'https://inside:8774/c',
  ],
  [
    'the standard header with something quoted that looks like more',
    { forwarded: 'by="x;host=evil.org";proto=https;ext="a;host=evil.org"' },
    'https://inside:8774',
  ],
  ['a prefix that is none', { 'x-forwarded-prefix': '/' }, INSIDE],
  ['a port by itself, as in oslo', { 'x-forwarded-port': '1' }, INSIDE],
  ['empty headers', { 'x-forwarded-proto': '', 'x-forwarded-host': ' ', 'x-forwarded-prefix': '' }, INSIDE],
];

/** The beginning of every link in an answer. */
function rootsOf(payload: string): string[] {
  const hrefs = [...payload.matchAll(/"(https?:[^"]*)"/g)].map(([, href = '']) => href);
  const own = hrefs.filter((href) => !href.startsWith('https://docs.openstack.org/'));
  return [
    ...new Set(
      own.map((href) => href.replace(/(\/v2\.1)?\/(ac3e\/)?(servers|flavors|images)\b.*$|\/v2\.1\/$/, '')),
    ),
  ];
}

const PATHS = [
  '/',
  '/v2.1',
  '/v2.1/servers/detail?limit=1',
  '/v2.1/ac3e/flavors?limit=1',
  '/v2.1/images/detail?limit=1',
];

test.each(table)('all links begin as a trusted proxy says: %s', async (_title, headers, root) => {
  const { app, instance } = await apiFixture({ proxy: { isTrusted: true } });
  await instance();
  for (const url of PATHS) {
    const { statusCode, payload } = await app.inject({ url, headers: { host: 'inside:8774', ...headers } });
    expect([url, statusCode, ...rootsOf(payload)]).toEqual([url, 200, root]);
  }
});

test('what proxies say does not count unless they are trusted', async () => {
  const { app } = await apiFixture();
  for (const [, headers] of table) {
    const { payload } = await app.inject({
      url: '/v2.1/flavors',
      headers: { host: 'inside:8774', ...headers },
    });
    expect(rootsOf(payload)).toEqual([INSIDE]);
  }
});

test.each([
  { 'x-forwarded-proto': 'javascript' },
  { 'x-forwarded-host': 'a.org/evil?' },
  { 'x-forwarded-host': 'user@a.org' },
  { 'x-forwarded-host': '"><script>' },
  { 'x-forwarded-host': 'a.org:port' },
  { 'x-forwarded-prefix': 'compute' },
  { 'x-forwarded-prefix': '//a.org' },
  { 'x-forwarded-prefix': '/a?b' },
  { 'x-forwarded-prefix': '/a#b' },
  { 'x-forwarded-prefix': '/"><script>' },
  { forwarded: 'host="a.org/\\"evil"' },
  { forwarded: 'proto=ftp' },
  { forwarded: 'host="a.org' },
  { host: 'a.org/evil' },
  { host: 'a b' },
])('what would make a false link is refused: %o', async (headers) => {
  const { app } = await apiFixture({ proxy: { isTrusted: true } });
  for (const url of PATHS) {
    const answer = await app.inject({ url, headers: { host: 'inside:8774', ...headers } });
    expect([url, answer.statusCode]).toEqual([url, 400]);
    expect(Object.keys(answer.json())).toEqual(['badRequest']);
  }
});

test('the configured prefixes take the place of the address, and go before a path', async () => {
  const proxy = {
    isTrusted: true,
    computeLinkPrefix: 'https://zoo.example.org:42/compute/',
    glanceLinkPrefix: 'http://circus.example.org/image',
  };
  const { app, instance } = await apiFixture({ proxy });
  await instance();
  for (const url of PATHS) {
    const headers = { 'x-forwarded-host': 'a.org', 'x-forwarded-prefix': '/inner' };
    const { payload } = await app.inject({ url, headers });
    const roots = rootsOf(payload.replaceAll(`http://circus.example.org/image/images/${CIRROS}`, ''));
    expect([url, ...roots]).toEqual([url, 'https://zoo.example.org:42/compute/inner']);
  }
  const { images } = (await app.inject({ url: '/v2.1/images' })).json();
  expect(images[0].links[2]).toEqual({
    rel: 'alternate',
    type: 'application/vnd.openstack.image',
    href: `http://circus.example.org/image/images/${CIRROS}`,
  });
});

test.each([
  [{ 'x-forwarded-for': '192.0.2.7, 10.0.0.1' }, '192.0.2.7'],
  [{ forwarded: 'for="[2001:db8::1]:4711"' }, '2001:db8::1'],
  [{ forwarded: 'for=192.0.2.7:80' }, '192.0.2.7'],
  [{ forwarded: 'for=_hidden' }, '127.0.0.1'],
])('the context of an RPC has the address of the client: %o', async (headers, address) => {
  const { app, dependencies } = await apiFixture({ proxy: { isTrusted: true } });
  const seen: (string | null)[] = [];
  dependencies.computeTask.scheduleAndBuildInstances = async (ctxt) => {
    seen.push((ctxt as RequestContext).remote_address);
  };
  const payload = { server: { name: 'vm', imageRef: CIRROS, flavorRef: '1' } };
  await app.inject({ method: 'POST', url: '/v2.1/servers', headers, payload });
  expect(seen).toEqual([address]);
});
