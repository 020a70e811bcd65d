import { expect, test } from 'vitest';
import { maskText } from './mask-text.ts';

test.each([
  ['connect ECONNREFUSED 127.0.0.1:5672', 'connect ECONNREFUSED 127.0.0.1:5672'],
  ['nova-compute@host1: no heartbeat', 'nova-compute@host1: no heartbeat'],
  ['cannot reach rabbit://nova:s3cret@h1:5672/v', 'cannot reach rabbit://nova:***@h1:5672/v'],
  ['rabbit://nova:a@b/c@h1,nova:s3cret@h2/ refused', 'rabbit://nova:***@h2/ refused'],
  [
    'see http://docs/x; tried postgresql://nova:s3 cret@db/nova',
    'see http://docs/x; tried postgresql://nova:***@db/nova',
  ],
  ['http://h:80/ answered 500', 'http://h:80/ answered 500'],
  [
    'bad: postgresql://db/nova?user=u&password=s3cret&x=1',
    'bad: postgresql://db/nova?user=u&password=***&x=1',
  ],
  ['host=db password=s3cret user=u', 'host=db password=*** user=u'],
])('%s', (text, shown) => {
  expect(maskText(text)).toBe(shown);
});

test('a long text is cut, after its secrets are gone', () => {
  const text = maskText(`rabbit://nova:${'s3cret'.repeat(500)}@h1/ ${'x'.repeat(5_000)}`);
  expect(text).toHaveLength(1_001);
  expect(text).not.toContain('s3cret');
});

test.each(['aaaa', '://a:', '@://a:', 'token', 'token= '])('a megabyte of %s takes no time', (part) => {
  const before = process.cpuUsage();
  maskText(part.repeat(1_000_000 / part.length));
  // Processor time (µs); whatever goes back over the text takes many minutes.
  expect(process.cpuUsage(before).user).toBeLessThan(10_000_000);
});

test.each([
  ['rabbit://nova@corp:hunter2@h/', 'rabbit://nova@corp:***@h/'],
  ['see postgresql://u@srv:hunter2@h/n', 'see postgresql://u@srv:***@h/n'],
  ['GET /x?api_key=hunter2&y=1', 'GET /x?api_key=***&y=1'],
  ['{"password":"hunter2","user":"nova"}', '{"password":"***","user":"nova"}'],
  ['password: hunter2', 'password: ***'],
])('%s becomes %s', (text, masked) => {
  expect(maskText(text)).toBe(masked);
});
