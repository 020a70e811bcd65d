import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Child } from './child.ts';
import { freePort } from './free-port.ts';
import { repositoryRoot } from './repository.ts';

test('the port can be listened on', async () => {
  const port = await freePort();
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  expect(server.address()).toMatchObject({ port });
  await new Promise((resolve) => server.close(resolve));
});

test('no port is given twice, even if many are given and none is listened on yet', async () => {
  const ports = await Promise.all(Array.from({ length: 300 }, () => freePort()));
  expect(new Set(ports).size).toBe(300);
});

test('no port is given to two processes that live at the same time', async () => {
  const module = JSON.stringify(join(repositoryRoot, 'packages/testing/dist/free-port.js'));
  // Each holds so many ports, until it is ended, that they would collide.
  const script = `
    const { freePort } = await import(${module});
    const ports = [];
    for (let n = 0; n < 500; n += 1) ports.push(await freePort());
    setInterval(() => undefined, 1000);
    console.log(JSON.stringify(ports));`;
  const start = () => Child.start(process.execPath, ['--input-type=module', '-e', script]);
  const children = await Promise.all([start(), start()]);
  onTestFinished(() => {
    for (const child of children) child.signal('SIGKILL');
  });
  const lists = await Promise.all(
    children.map(async (child) => JSON.parse(await child.waitForLine(/^\[.*\]$/)) as number[]),
  );
  expect(new Set(lists.flat()).size).toBe(1000);
});
