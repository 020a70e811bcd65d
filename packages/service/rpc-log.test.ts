import { randomUUID } from 'node:crypto';
import { call, defineRpc, endpoint, getTransport, Target, type } from '@mini-nova/messaging';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createLogger, createRpc, RequestContext, rpcLog } from './index.ts';

const ctxt = new RequestContext({ auth_token: 'hunter2' });

const greeterRpc = defineRpc(
  { topic: 'test' },
  {
    greet: call('greet', { since: '1.0', to: 'topic', result: type<string>() }),
    fail: call('fail', { since: '1.0', to: 'topic' }),
  },
);

async function serve(debug: boolean) {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'test',
    debug,
    destination: { write: (line: string) => void lines.push(line) },
  });
  const url = `memory://${randomUUID()}/`;
  const transport = getTransport({ url, logger, hooks: [rpcLog(logger)], rpcResponseTimeout: 5 });
  const greeter = {
    greet: () => 'hello',
    fail: () => {
      throw new RangeError('the secret is hunter2');
    },
  };
  const rpc = createRpc(transport);
  const target = new Target({ topic: 'test', server: 'h' });
  const server = rpc.getServer(target, [endpoint(greeterRpc, greeter)]);
  await server.start();
  onTestFinished(async () => {
    await server.stop();
    await transport.close();
  });
  const parsed = () => lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg.startsWith('RPC s'));
  return { client: rpc.getClient(new Target({ topic: 'test' })), logger, parsed };
}

test('on level debug each RPC is a line at both ends, with request, method and time', async () => {
  const { client, parsed } = await serve(true);
  await client.call(ctxt, 'greet', {});
  await vi.waitFor(() => expect(parsed()).toHaveLength(2));
  const line = {
    level: 'debug',
    request_id: ctxt.request_id,
    kind: 'call',
    method: 'greet',
    topic: 'test',
    elapsed_ms: expect.any(Number),
  };
  expect(parsed()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ ...line, msg: 'RPC served', server: 'h' }),
      expect.objectContaining({ ...line, msg: 'RPC sent', server: null }),
    ]),
  );
});

test('an error is logged by its name, without its text', async () => {
  const { client, parsed } = await serve(true);
  await expect(client.call(ctxt, 'fail', {})).rejects.toThrow();
  await vi.waitFor(() => expect(parsed()).toHaveLength(2));
  expect(parsed()).toContainEqual(
    expect.objectContaining({ msg: 'RPC served, with an error', error: 'RangeError' }),
  );
  expect(JSON.stringify(parsed())).not.toContain('hunter2');
});

test('on level info there are no such lines until the level changes', async () => {
  const { client, logger, parsed } = await serve(false);
  await client.call(ctxt, 'greet', {});
  expect(parsed()).toEqual([]);
  logger.level = 'debug';
  await client.call(ctxt, 'greet', {});
  await vi.waitFor(() => expect(parsed()).toHaveLength(2));
});
