import { novaSchema } from '@mini-nova/daemons/nova-schema';
import { runManage } from '@mini-nova/manage/run';
import { getRabbit } from '@mini-nova/testing';
import { afterEach, expect, test, vi } from 'vitest';
import { CTXT, RpcFixture } from '../../packages/messaging/test/rpc-fixture.ts';
import { RawPeer } from './support/raw-peer.ts';

const { url } = await getRabbit();
const rpc = new RpcFixture(url);

afterEach(async () => {
  await rpc.close();
  const peer = await RawPeer.connect(url);
  await peer.channel.deleteQueue(`${rpc.topic}_dead_letters`);
  await peer.close();
});

async function manage(command: string, ...args: string[]) {
  const output = { out: '', err: '' };
  const io = {
    out: (text: string) => {
      output.out += text;
    },
    err: (text: string) => {
      output.err += text;
    },
  };
  const flags = ['--transport-url', url, 'dead-letters', command, '--topic', rpc.topic];
  return {
    code: await runManage([...flags, ...args], { io, version: '1.2.3', schema: novaSchema }),
    ...output,
  };
}

test('nova-manage dead-letters shows, replays and deletes what has failed', async () => {
  let fails = true;
  const done: unknown[] = [];
  const endpoint = {
    build(_ctxt: object, { name }: { name: string }) {
      if (fails) throw new Error(`no ${name}`);
      done.push(name);
    },
  };
  await rpc.serve(endpoint, { ackPolicy: 'after', deliveryLimit: 1 });
  expect(await manage('list', '--json')).toEqual({ code: 0, out: '[]\n', err: '' });
  for (const name of ['a', 'b', 'c']) await rpc.client().cast(CTXT, 'build', { name });
  const list = async () =>
    JSON.parse((await manage('list', '--json')).out) as { id: string; reason: string }[];
  await vi.waitFor(async () => expect(await list()).toHaveLength(3));
  const letters = await list();
  const idOf = (name: string) => letters.find(({ reason }) => reason === `no ${name}`)?.id ?? '';
  const { out } = await manage('list', '--limit', '2');
  expect(out).toMatch(/\| Id +\| Method \| To +\| Attempts \| Died_At +\| Reason \|/);
  expect(out.match(/\| build +\|/g)).toHaveLength(2);

  expect(await manage('delete', idOf('a'))).toEqual({ code: 0, out: '1 deleted.\n', err: '' });
  expect(await manage('delete', idOf('a'))).toMatchObject({
    code: 1,
    err: `There is no dead letter ${idOf('a')}.\n`,
  });
  fails = false;
  expect((await manage('replay', idOf('b'))).code).toBe(0);
  await vi.waitFor(() => expect(done).toEqual(['b']));
  expect(await manage('replay', '--all', '--json')).toEqual({
    code: 0,
    out: '{"replayed":1,"missing":[]}\n',
    err: '',
  });
  await vi.waitFor(() => expect(done).toEqual(['b', 'c']));
  expect(await list()).toEqual([]);
});
