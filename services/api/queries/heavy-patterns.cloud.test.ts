import { apiFixture } from '@mini-nova/services-testing/api-fixture';
import { expect, test } from 'vitest';

test('a pattern that turns out to be too much work is refused', async () => {
  const { get, instance } = await apiFixture();
  for (let seed = 0; seed < 40; seed++) {
    const letters = Array.from(
      { length: 255 },
      (_, at) => 'ab'[(seed * 31 + at * at * 7 + ((seed * at) >> 3)) % 2],
    );
    await instance({ display_name: letters.join('') });
  }
  const { status, body } = await get('/v2.1/servers?name=a.{100}b.{100}c');
  expect(status).toBe(400);
  expect(body.badRequest.message).toMatch(/too much work/);
  expect((await get('/v2.1/servers?name=web')).status).toBe(200);
});
