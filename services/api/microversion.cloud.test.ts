import { apiFixture } from '@mini-nova/services-testing/api-fixture';
import { expect, test } from 'vitest';

const STANDARD = 'openstack-api-version';
const LEGACY = 'x-openstack-nova-api-version';

const table: [title: string, headers: Record<string, string>, status: number, version: string][] = [
  ['none', {}, 200, '2.1'],
  ['ours', { [STANDARD]: 'compute 2.1' }, 200, '2.1'],
  ['the latest', { [STANDARD]: 'compute latest' }, 200, '2.1'],
  ['the service in capitals', { [STANDARD]: 'Compute  2.1' }, 200, '2.1'],
  ['the last of several', { [STANDARD]: 'compute 2.90, compute 2.1' }, 200, '2.1'],
  ['one of another service', { [STANDARD]: 'volume 3.50, identity x' }, 200, '2.1'],
  ['no number at all', { [STANDARD]: 'compute' }, 200, '2.1'],
  ['ours by the earlier name', { [LEGACY]: '2.1' }, 200, '2.1'],
  ['the latest by the earlier name', { [LEGACY]: 'latest' }, 200, '2.1'],
  ['ours, and by the earlier name another', { [STANDARD]: 'compute 2.1', [LEGACY]: '2.90' }, 200, '2.1'],
  ['a later one', { [STANDARD]: 'compute 2.99' }, 406, '2.99'],
  ['the next one', { [STANDARD]: 'volume 3.1, compute 2.2' }, 406, '2.2'],
  ['an earlier one', { [STANDARD]: 'compute 2.0' }, 406, '2.0'],
  ['one of another major version', { [STANDARD]: 'compute 3.1' }, 406, '3.1'],
  ['a later one by the earlier name', { [LEGACY]: '2.90' }, 406, '2.90'],
  ['the last of several by the earlier name', { [LEGACY]: '2.1, 2.5' }, 406, '2.5'],
  ['a word', { [STANDARD]: 'compute newest' }, 400, '2.1'],
  ['half a number', { [STANDARD]: 'compute 2' }, 400, '2.1'],
  ['three numbers', { [STANDARD]: 'compute 2.1.1' }, 400, '2.1'],
  ['a zero in front', { [STANDARD]: 'compute 02.1' }, 400, '2.1'],
  ['a word by the earlier name', { [LEGACY]: 'x' }, 400, '2.1'],
];

test.each(table)('a request for %s is answered as by Nova', async (_title, headers, status, version) => {
  const { app } = await apiFixture();
  for (const url of ['/v2.1/flavors', '/v2.1/ac3e/servers/detail', '/v2.1']) {
    const answer = await app.inject({ url, headers });
    expect(`${url} ${answer.statusCode}`).toBe(`${url} ${status}`);
    expect(answer.headers).toMatchObject({
      [STANDARD]: `compute ${version}`,
      [LEGACY]: version,
      vary: 'OpenStack-API-Version, X-OpenStack-Nova-API-Version',
    });
  }
});

test('says what is wrong in the words of Nova', async () => {
  const { app } = await apiFixture();
  const faultOf = async (version: string) =>
    (await app.inject({ url: '/v2.1/servers', headers: { [STANDARD]: `compute ${version}` } })).json();
  expect(await faultOf('2.99')).toEqual({
    computeFault: {
      code: 406,
      message: 'Version 2.99 is not supported by the API. Minimum is 2.1 and maximum is 2.1.',
    },
  });
  expect(await faultOf('x')).toEqual({
    badRequest: {
      code: 400,
      message: 'API Version String x is of invalid format. Must be of format MajorNum.MinorNum.',
    },
  });
});

test('the list of versions is answered whatever version is asked for', async () => {
  const { app } = await apiFixture();
  const answer = await app.inject({ url: '/', headers: { [STANDARD]: 'compute 2.99' } });
  expect(answer.statusCode).toBe(200);
});
