import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DriverLoadFailure } from '../../../errors.ts';
import { parseTransportUrl } from '../../../transport-url.ts';
import { type RabbitOptions, rabbitSettings } from '../rabbit-options.ts';
import { brokerAddresses, HostOrder } from './broker-address.ts';

const addresses = (url: string, options: RabbitOptions = {}) =>
  brokerAddresses(parseTransportUrl(url), rabbitSettings(options));

test('each host of the URL has its own user, password and port', () => {
  const [first, second] = addresses('rabbit://a:b%40c@h1:5673,d:e@h2/');
  expect(first).toMatchObject({
    label: 'h1:5673',
    connect: { protocol: 'amqp', hostname: 'h1', port: 5673, username: 'a', password: 'b@c', heartbeat: 60 },
    socket: { noDelay: true },
  });
  expect(second?.connect).toMatchObject({ hostname: 'h2', port: 5672, username: 'd', password: 'e' });
});

test('what the URL leaves out is guest on localhost, in the virtual host /', () => {
  expect(addresses('amqp://')[0]?.connect).toMatchObject({
    hostname: 'localhost',
    username: 'guest',
    password: 'guest',
    vhost: '%2F',
  });
});

test('a virtual host goes percent-encoded to the library, which decodes it', () => {
  expect(addresses('rabbit://h/a%2Fb')[0]?.connect.vhost).toBe('a%2Fb');
});

describe('TLS', () => {
  test.each([
    ['rabbits://h/', {}, 5671],
    ['amqps://h/', {}, 5671],
    ['rabbit://h/', { ssl: true }, 5672],
  ])('%s with %o', (url, options, port) => {
    expect(addresses(url, options)[0]?.connect).toMatchObject({ protocol: 'amqps', port });
  });

  test('the files are read', () => {
    const file = join(tmpdir(), `ca-${process.pid}.pem`);
    writeFileSync(file, 'PEM');
    const [address] = addresses('rabbits://h/', { sslCaFile: file, sslCertFile: '' });
    expect(address?.socket).toMatchObject({ ca: Buffer.from('PEM') });
    expect(address?.socket).not.toHaveProperty('cert');
  });

  test('a file that cannot be read is named', () => {
    const options = { sslKeyFile: '/nowhere/key.pem' };
    expect(() => addresses('rabbits://h/', options)).toThrow(DriverLoadFailure);
    expect(() => addresses('rabbits://h/', options)).toThrow('/nowhere/key.pem');
  });
});

const hosts = ['a', 'b', 'c', 'd'].map((label) => ({ label, connect: {}, socket: {} }));
const labels = (order: HostOrder) => order.round().map(({ label }) => label);

describe('round-robin', () => {
  test('tries the hosts in one order, from the one after the last that worked', () => {
    const order = new HostOrder(hosts, 'round-robin');
    const [first, second, third, fourth] = order.round();
    expect(order.round()).toEqual([first, second, third, fourth]);
    if (second !== undefined) order.connected(second);
    expect(order.round()).toEqual([third, fourth, first, second]);
    if (fourth !== undefined) order.connected(fourth);
    expect(order.round()).toEqual([first, second, third, fourth]);
  });

  test('starts elsewhere for each connection', () => {
    const starts = Array.from({ length: 100 }, () => labels(new HostOrder(hosts, 'round-robin'))[0]);
    expect(new Set(starts)).toEqual(new Set(['a', 'b', 'c', 'd']));
  });
});

test('shuffle tries all hosts in a new order each time', () => {
  const order = new HostOrder(hosts, 'shuffle');
  const rounds = Array.from({ length: 100 }, () => labels(order));
  for (const round of rounds) expect([...round].sort()).toEqual(['a', 'b', 'c', 'd']);
  expect(new Set(rounds.map((round) => round.join())).size).toBeGreaterThan(5);
});
