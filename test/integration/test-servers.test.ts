import { connect } from 'node:net';
import { getPostgresUrl, getRabbit, listQueues, startRabbit, waitFor } from '@mini-nova/testing';
import { expect, test } from 'vitest';

function portAnswers(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url.replace(/^rabbit:/, 'amqp:'));
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.once('connect', () => socket.destroy() && resolve(true));
    socket.once('error', () => resolve(false));
  });
}

test('test files share one broker', async () => {
  const [first, second] = await Promise.all([getRabbit(), getRabbit()]);
  expect(first.url).toBe(second.url);
  expect(await portAnswers(first.url)).toBe(true);
});

test('each database asked for is a new one', async () => {
  const [first, second] = await Promise.all([getPostgresUrl(), getPostgresUrl()]);
  expect(first).not.toBe(second);
});

test('a private broker comes back on the same port after a kill, and is gone after close', async () => {
  const rabbit = await startRabbit();
  expect(rabbit.url).not.toBe((await getRabbit()).url);
  await rabbit.kill();
  expect(await portAnswers(rabbit.url)).toBe(false);
  await rabbit.start();
  expect(await listQueues(rabbit.ctl)).toEqual([]);
  await rabbit.close();
  await waitFor('the port is closed', async () => !(await portAnswers(rabbit.url)), { timeout: 5 });
});
