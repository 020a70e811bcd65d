import { manage } from '@mini-nova/services-testing/run-manage';
import { expect, test } from 'vitest';

test.each([
  [['dead-letters'], /Usage: nova-manage dead-letters/],
  [['dead-letters', 'list'], /required option '--topic <topic>' not specified/],
  [['dead-letters', 'list', '--topic', ''], /name of 1 to 242 bytes/],
  [['dead-letters', 'list', '--topic', 'x'.repeat(250)], /name of 1 to 242 bytes/],
  [['dead-letters', 'list', '--topic', 't', '--limit', '0'], /whole number above 0/],
  [['dead-letters', 'replay', '--topic', 't'], /name some ids, or give --all/],
  [['dead-letters', 'delete', '--topic', 't', '--all', 'id'], /name some ids, or give --all/],
])('%j is wrong use: exit code 2', async (args, message) => {
  const { code, out, err } = await manage(...args);
  expect([code, out]).toEqual([2, '']);
  expect(err).toMatch(message);
});

test('a broker that cannot be reached is one line, and exit code 1', async () => {
  const url = 'rabbit://guest:secret@127.0.0.1:1/';
  const { code, err } = await manage('--transport-url', url, 'dead-letters', 'list', '--topic', 't');
  expect(code).toBe(1);
  expect(err).toMatch(/^Unable to reach RabbitMQ: [^\n]*ECONNREFUSED[^\n]*\n$/);
  expect(err).not.toContain('secret');
});

test('a transport without dead letters is one line, and exit code 1', async () => {
  const { code, err } = await manage('--transport-url', 'memory://', 'dead-letters', 'list', '--topic', 't');
  expect(code).toBe(1);
  expect(err).toMatch(/^[^\n]*only RabbitMQ keeps dead letters\n$/);
});
