import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Deployment, printOutputOnFailure } from './support/deployment.ts';

const NAMES = Array.from({ length: 10 }, (_, index) => `server-${index}`);

describe.each(['sqlite', 'postgresql'] as const)('a cloud on %s', (database) => {
  let cloud: Deployment;

  beforeAll(async () => {
    cloud = await Deployment.start({ database });
  });
  afterAll(() => cloud?.close());
  printOutputOnFailure(() => cloud);

  test('boots ten servers, on both hosts, and after their deletion nothing is allocated', async () => {
    const servers = await Promise.all(NAMES.map((name) => cloud.boot(name)));
    expect(servers.map(({ status }) => status)).toEqual(NAMES.map(() => 'ACTIVE'));
    const hosts = servers.map((server) => server['OS-EXT-SRV-ATTR:host']);
    expect(new Set(hosts)).toEqual(new Set(['host-a', 'host-b']));
    const addresses = servers.map((server) => Object.values(server.addresses).flat()[0]?.addr);
    expect(new Set(addresses).size).toBe(NAMES.length);
    expect(await cloud.database.consumers()).toEqual(servers.map(({ id }) => id).sort());

    await cloud.nova('delete', '--poll', ...NAMES);

    expect(await cloud.nova('list')).toEqual([]);
    await expect.poll(() => cloud.database.consumers()).toEqual([]);
    await expect.poll(() => cloud.database.boundPorts()).toBe(0);
  });

  test('boots several servers with one command', async () => {
    const result = await cloud.nova<{ servers: { id: string; status: string }[] }>(
      ...[
        'boot',
        '--flavor',
        'm1.tiny',
        '--image',
        'cirros',
        '--min-count',
        '3',
        '--max-count',
        '3',
        '--poll',
        'many',
      ],
    );
    expect(result.servers.map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE', 'ACTIVE']);
    await cloud.nova('delete', '--poll', ...result.servers.map(({ id }) => id));
  });
});
