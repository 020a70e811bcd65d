import { runCommand } from '@mini-nova/testing';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ComposeProject } from './compose-project.ts';
import { type DockerEngine, getDockerEngine } from './docker-engine.ts';
import { getImages } from './stand-in-images.ts';

const DAEMONS = ['nova-api', 'nova-compute-1', 'nova-compute-2', 'nova-conductor', 'nova-scheduler'];

let engine: DockerEngine;
let project: ComposeProject;

async function nova(...args: string[]): Promise<unknown> {
  const result = await runCommand('nova', [...args, '--json'], {
    env: { NOVA_ENDPOINT: project.endpoint },
    timeout: 120,
  });
  expect(result, `nova ${args.join(' ')}`).toMatchObject({ code: 0 });
  return JSON.parse(result.stdout);
}

beforeAll(async () => {
  engine = await getDockerEngine();
  project = await ComposeProject.create(engine, await getImages(engine));
  await project.up();
});

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') console.error(await project.logs());
});

afterAll(async () => {
  await project?.down();
  const remains = await project?.remains();
  await engine?.close();
  expect(remains ?? []).toEqual([]);
});

test('every daemon becomes healthy', async () => {
  const expected = [...DAEMONS, 'postgres', 'rabbitmq'];
  const healthy = async (): Promise<string[]> => {
    const containers = await project.containers();
    return containers
      .filter(({ status }) => status.includes('(healthy)'))
      .map(({ service }) => service)
      .sort();
  };
  await expect.poll(healthy, { timeout: 180_000, interval: 1000 }).toEqual(expected);
});

test('an instance booted from outside through the published API becomes ACTIVE on one of the computes', async () => {
  const booted = await nova('boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll', 'first');
  expect(booted).toMatchObject({ status: 'ACTIVE' });
  expect(booted).toHaveProperty('OS-EXT-SRV-ATTR:host', expect.stringMatching(/^compute-[12]$/));
  await nova('delete', 'first');
});

test('only the API is published, and that on loopback', async () => {
  const published = (await project.containers()).filter(({ ports }) => ports.includes('->'));
  expect(published).toMatchObject([{ service: 'nova-api', ports: `127.0.0.1:${project.port}->8774/tcp` }]);
});

test('every daemon ends with exit code 0 when it is stopped', async () => {
  await project.stop();
  const containers = await project.containers();
  const daemons = containers.filter(({ service }) => DAEMONS.includes(service));
  expect(daemons.map(({ service }) => service).sort()).toEqual(DAEMONS);
  for (const { service, status } of daemons) expect(status, service).toMatch(/^Exited \(0\)/);
});
