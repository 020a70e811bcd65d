import { connect } from 'node:net';
import { openDatabase } from '@mini-nova/database';
import {
  getPostgresUrl,
  getRabbit,
  listQueues,
  startPostgres,
  startRabbit,
  waitFor,
} from '@mini-nova/testing';
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
  await waitFor('the port is closed', async () => !(await portAnswers(rabbit.url)), { timeout: 120 });
});

test('a private PostgreSQL comes back on the same port with what was committed, after a stop and after a kill', async () => {
  const postgres = await startPostgres();
  const url = await postgres.createDatabase();
  const db = await openDatabase(url);
  const { kysely } = db;
  await kysely.schema.createTable('kept').addColumn('n', 'integer').execute();
  await db.close();
  await postgres.stop('fast');
  expect(await portAnswers(url)).toBe(false);
  await postgres.start();
  await postgres.kill();
  await postgres.start();

  const again = await openDatabase(url);
  const tables = await again.kysely.introspection.getTables();
  expect(tables.map(({ name }) => name)).toEqual(['kept']);
  await again.close();
  await postgres.close();
  expect(await portAnswers(url)).toBe(false);
});
