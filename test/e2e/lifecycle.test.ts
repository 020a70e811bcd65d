import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deployment, printOutputOnFailure, type ServerJson } from './support/deployment.ts';

interface InterfaceJson {
  port_id: string;
  mac_addr: string;
  fixed_ips: { ip_address: string }[];
}

let cloud: Deployment;
let server: ServerJson;

beforeAll(async () => {
  cloud = await Deployment.start();
  server = await cloud.boot('pet');
});
afterAll(() => cloud?.close());
printOutputOnFailure(() => cloud);

const interfaces = (): Promise<InterfaceJson[]> => cloud.nova<InterfaceJson[]>('interface-list', 'pet');

test('an interface that is attached is listed with an address of its own, until it is detached', async () => {
  const before = await interfaces();
  expect(before).toHaveLength(1);
  const attached = await cloud.nova<InterfaceJson>('interface-attach', 'pet');
  const after = await interfaces();
  expect(after.map(({ port_id }) => port_id)).toContain(attached.port_id);
  expect(new Set(after.map(({ mac_addr }) => mac_addr)).size).toBe(2);
  expect(new Set(after.flatMap(({ fixed_ips }) => fixed_ips.map((ip) => ip.ip_address))).size).toBe(2);

  await cloud.nova('interface-detach', 'pet', attached.port_id);
  await expect.poll(interfaces).toEqual(before);
});

test('a stopped server is SHUTOFF and keeps its allocation; started and rebooted it is ACTIVE', async () => {
  expect(await cloud.nova('stop', '--poll', 'pet')).toMatchObject({ status: 'SHUTOFF' });
  expect(await cloud.database.consumers()).toEqual([server.id]);
  expect(await cloud.nova('start', '--poll', 'pet')).toMatchObject({ status: 'ACTIVE' });
  expect(await cloud.nova('reboot', '--poll', 'pet')).toMatchObject({ status: 'ACTIVE' });
  expect(await cloud.nova('reboot', '--hard', '--poll', 'pet')).toMatchObject({ status: 'ACTIVE' });
});

test('a running server cannot be started: the command fails and names its state', async () => {
  const result = await cloud.run('start', 'pet');
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/active/i);
});

test("the server's console output can be read, whole and its last lines only", async () => {
  const { output } = await cloud.nova<{ output: string }>('console-log', 'pet');
  const lines = output.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(1);
  const { output: end } = await cloud.nova<{ output: string }>('console-log', '--length', '1', 'pet');
  expect(end.trimEnd()).toBe(lines.at(-1));
});

test('lists for people are tables', async () => {
  const result = await cloud.run('list');
  expect(result).toMatchObject({ code: 0 });
  expect(result.stdout).toMatch(/\| ID .*\| Name .*\| Status /);
  expect(result.stdout).toMatch(new RegExp(`\\| ${server.id} \\| pet +\\| ACTIVE `));
});
