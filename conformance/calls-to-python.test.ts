import { describe, expect, test, vi } from 'vitest';
import { CTXT } from '../packages/messaging/test/rpc-fixture.ts';
import { BothEnds } from './support/both-ends.ts';

const ends = BothEnds.use();

describe('we reach a Python server', () => {
  test('by its topic, and the context arrives', async () => {
    await ends.servePython();
    const answer = await ends.client().call(CTXT, 'echo', { value: 1 });
    expect(answer).toEqual({ value: 1, ctxt: expect.objectContaining(CTXT) });
  });

  test('by its name, beside another of the same topic', async () => {
    await ends.servePython({ server: 'one' });
    await ends.servePython({ server: 'two' });
    await ends.client().prepare({ server: 'two' }).cast(CTXT, 'note', { value: 'for two' });
    const answers = ['one', 'two', 'one'].map((server) =>
      ends.client().prepare({ server }).call(CTXT, 'evaluate', { expression: '1 + 1' }),
    );
    expect(await Promise.all(answers)).toEqual([2, 2, 2]);
    await vi.waitFor(async () => expect(await ends.python.notes(ends.target)).toEqual(['for two']));
  });

  test.each([
    ['to the topic', {}],
    ['to one server', { server: 'py' }],
    ['to all servers', { fanout: true }],
  ])('with a cast %s', async (_to, prepared) => {
    await ends.servePython();
    await ends.client().prepare(prepared).cast(CTXT, 'note', { value: 'noted' });
    await vi.waitFor(async () => expect(await ends.python.notes(ends.target)).toEqual(['noted']));
  });

  test('with a fanout that each of its servers gets once', async () => {
    await ends.servePython({ server: 'one' });
    await ends.servePython({ server: 'two' });
    await ends.client().prepare({ fanout: true }).cast(CTXT, 'note', { value: 'all' });
    await vi.waitFor(async () => expect(await ends.python.notes(ends.target)).toEqual(['all', 'all']));
  });

  test('when its method returns nothing', async () => {
    await ends.servePython();
    expect(await ends.client().call(CTXT, 'nothing', {})).toBeNull();
  });

  test('with a multicall, which yields its one result', async () => {
    await ends.servePython();
    const results: unknown[] = [];
    const all = ends.client().multicall(CTXT, 'evaluate', { expression: '[1, 2]' });
    for await (const result of all) results.push(result);
    expect(results).toEqual([[1, 2]]);
  });

  test('when many calls are in flight at once', async () => {
    await ends.servePython();
    const client = ends.client();
    const calls = Array.from({ length: 100 }, (_, i) =>
      client.call(CTXT, 'evaluate', { expression: `${i}` }),
    );
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 100 }, (_, i) => i));
  });
});

describe('the namespace and version find the endpoint of a Python server', () => {
  test.each([
    ['null namespace, same version', { namespace: null, version: '1.1' }, 'echo'],
    ['null namespace, older minor', { namespace: null, version: '1.0' }, 'echo'],
    ['named namespace', { namespace: 'named', version: '2.1' }, 'where', 'named 2.3'],
    ['its new name', { namespace: 'new_name', version: '1.0' }, 'where', 'renamed'],
    ['its legacy name', { namespace: 'old_name', version: '1.0' }, 'where', 'renamed'],
    ['another major', { namespace: null, version: '2.0' }, 'where', 'root 2.0'],
  ])('%s', async (_title, prepared, method, answer: unknown = expect.objectContaining({ value: 1 })) => {
    await ends.servePython({ endpoints: ['root', 'named', 'next_major', 'renamed'] });
    const args = method === 'echo' ? { value: 1 } : {};
    expect(await ends.client().prepare(prepared).call(CTXT, method, args)).toEqual(answer);
  });

  test.each([
    ['a newer minor', { version: '1.2' }, 'echo', 'UNSUPPORTED_VERSION'],
    ['another major', { version: '3.0' }, 'echo', 'UNSUPPORTED_VERSION'],
    ['an unknown namespace', { namespace: 'absent' }, 'echo', 'UNSUPPORTED_VERSION'],
    [
      'a named namespace in a newer minor',
      { namespace: 'named', version: '2.4' },
      'where',
      'UNSUPPORTED_VERSION',
    ],
    ['an unknown method', {}, 'absent', 'NO_SUCH_METHOD'],
    ['a method of another namespace', { namespace: 'named', version: '2.0' }, 'echo', 'NO_SUCH_METHOD'],
  ])('%s is refused', async (_title, prepared, method, code) => {
    await ends.servePython({ endpoints: ['root', 'named'] });
    await expect(ends.client().prepare(prepared).call(CTXT, method, {})).rejects.toMatchObject({ code });
  });
});

describe("a Python server's access policy", () => {
  test.each([
    ['legacy', '_private', 'private'],
    ['default', 'not_exposed', 'not exposed'],
    ['default', '_private', 'refused'],
    ['explicit', 'exposed', 'exposed'],
    ['explicit', 'not_exposed', 'refused'],
  ] as const)('%s, method %s: %s', async (access_policy, method, answer) => {
    await ends.servePython({ endpoints: ['guarded'], access_policy });
    const call = ends.client().call(CTXT, method, {});
    if (answer !== 'refused') expect(await call).toBe(answer);
    else await expect(call).rejects.toMatchObject({ code: 'NO_SUCH_METHOD', method });
  });
});

describe("a Python server's ping endpoint", () => {
  test('answers with rpc_ping_enabled', async () => {
    await ends.servePython({ ping: true });
    expect(await ends.client().call(CTXT, 'oslo_rpc_server_ping', {})).toBe('pong');
    expect(await ends.client().prepare({ server: 'py' }).call(CTXT, 'oslo_rpc_server_ping', {})).toBe('pong');
  });

  test('does not exist without', async () => {
    await ends.servePython();
    const ping = ends.client().call(CTXT, 'oslo_rpc_server_ping', {});
    await expect(ping).rejects.toMatchObject({ code: 'NO_SUCH_METHOD' });
  });
});
