import { expect, test } from 'vitest';
import { globExpression } from './routing-driver.ts';

test.each([
  ['compute.instance.*', 'compute.instance.create.end', true],
  ['compute.instance.*', 'compute-instance.create', false],
  ['*', '', true],
  ['*.end', 'compute.end', true],
  ['*.end', 'compute.end.not', false],
  ['host?', 'host1', true],
  ['host?', 'host', false],
  ['host[123]', 'host2', true],
  ['host[!123]', 'host2', false],
  ['host[!123]', 'host4', true],
  ['host[1-3]', 'host3', true],
  ['a[]]b', 'a]b', true],
  ['a[^]b', 'a^b', true],
  ['a[b', 'a[b', true],
  ['a+b(c)$', 'a+b(c)$', true],
  ['a\\b', 'a\\b', true],
  ['a*b', 'a\nb', true],
])('%s on %j: %s', (pattern, text, expected) => {
  expect(globExpression(pattern).test(text)).toBe(expected);
});
