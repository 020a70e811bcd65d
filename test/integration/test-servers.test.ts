import { connect } from 'node:net';
import { openDatabase } from '@mini-nova/data/database';
import {
  getPostgresUrl,
  getRabbit,
  listConnections,
  listConsumers,
  listQueues,
  startPostgres,
  startRabbit,
  waitFor,
} from '@mini-nova/testing';
import { expect, test } from 'vitest';
import { RawPeer } from './support/raw-peer.ts';

/** Seconds. */
const PATIENT = { timeout: 120 };

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

test('each requested database is a new one', async () => {
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
  await waitFor('the port is closed', async () => !(await portAnswers(rabbit.url)), PATIENT);
});

test("erl_call lists a broker's contents as rabbitmqctl does, however many there are", async () => {
  const rabbit = await startRabbit();
  const { erlCall, ...rabbitmqctl } = rabbit.ctl;
  const peer = await RawPeer.connect(rabbit.url);
  const names = Array.from({ length: 400 }, (_, n) => `${'q'.repeat(150)} "é" ${String(n).padStart(3, '0')}`);
  for (const name of names) await peer.channel.assertQueue(name);
  await peer.channel.consume(names[0] ?? '', () => {}, { consumerTag: 'of a test' });
  peer.channel.sendToQueue(names[1] ?? '', Buffer.from('{}'));
  for (const ctl of [rabbit.ctl, rabbitmqctl]) {
    await waitFor(
      'the message',
      async () => (await listQueues(ctl)).some(({ messages }) => messages === 1),
      PATIENT,
    );
    const queues = (await listQueues(ctl)).sort((a, b) => (a.name < b.name ? -1 : 1));
    expect(queues.map(({ name }) => name)).toEqual(names);
    expect(queues.slice(0, 3)).toMatchObject([
      { consumers: 1 },
      { messages: 1 },
      { consumers: 0, messages: 0 },
    ]);
    expect(await listConsumers(ctl)).toEqual([{ queue: names[0], consumerTag: 'of a test' }]);
    expect(await listConnections(ctl)).toMatchObject([{ state: 'running', name: '' }]);
  }
  await rabbit.deleteQueue(names[1] ?? '');
  expect(await rabbit.listQueues()).toHaveLength(399);
  await expect(rabbit.evaluate('no_such:function()')).rejects.toThrow(/no_such/);
  await rabbit.closeConnections();
  await waitFor('no connection', async () => (await rabbit.listConnections()).length === 0, PATIENT);
  await rabbit.close();
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
