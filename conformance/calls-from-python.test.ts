import { describe, expect, test, vi } from 'vitest';
import { Target } from '../packages/messaging/index.ts';
import { BothEnds } from './support/both-ends.ts';

const ends = BothEnds.use();

/** An endpoint that echoes, and keeps its notes. */
class Root {
  readonly target = new Target({ version: '1.1' });
  readonly notes: unknown[] = [];
  readonly #name: string;

  constructor(name = 'ts') {
    this.#name = name;
  }

  echo(ctxt: object, { value }: { value: unknown }): object {
    return { value, ctxt };
  }

  note(_ctxt: object, { value }: { value: unknown }): void {
    this.notes.push(value);
  }

  whoAmI(): string {
    return this.#name;
  }

  nothing(): void {}

  double(_ctxt: object, { number }: { number: number }): number {
    return 2 * number;
  }
}

describe('Python reaches our server', () => {
  test('by its topic, and the context arrives', async () => {
    await ends.serve(new Root());
    const ctxt = { user: 'py', roles: ['admin'] };
    const answer = await ends.python.call({ target: ends.target, method: 'echo', args: { value: 1 }, ctxt });
    expect(answer).toEqual({ value: 1, ctxt });
  });

  test('by its name, beside another of the same topic', async () => {
    await ends.serve(new Root('one'), { server: 'one' });
    await ends.serve(new Root('two'), { server: 'two' });
    const answers = ['one', 'two', 'one'].map((server) =>
      ends.python.call({ target: { ...ends.target, server }, method: 'who_am_i' }),
    );
    expect(await Promise.all(answers)).toEqual(['one', 'two', 'one']);
  });

  test.each([
    ['to the topic', {}],
    ['to one server', { server: 'ts' }],
    ['to all servers', { fanout: true }],
  ])('with a cast %s', async (_to, prepared) => {
    const root = new Root();
    await ends.serve(root);
    const target = { ...ends.target, ...prepared };
    await ends.python.cast({ target, method: 'note', args: { value: 'noted' } });
    await vi.waitFor(() => expect(root.notes).toEqual(['noted']));
  });

  test('with a fanout that each of our servers gets once', async () => {
    const [one, two] = [new Root('one'), new Root('two')];
    await ends.serve(one, { server: 'one' });
    await ends.serve(two, { server: 'two' });
    await ends.python.cast({
      target: { ...ends.target, fanout: true },
      method: 'note',
      args: { value: 'all' },
    });
    await vi.waitFor(() => expect([one.notes, two.notes]).toEqual([['all'], ['all']]));
  });

  test('when its method returns nothing', async () => {
    await ends.serve(new Root());
    expect(await ends.python.call({ target: ends.target, method: 'nothing' })).toBeNull();
  });

  test('when its method gives several results: Python gets the last', async () => {
    const count = async function* () {
      yield 1;
      yield 2;
      yield 3;
    };
    await ends.serve({ count });
    expect(await ends.python.call({ target: ends.target, method: 'count', timeout: 60 })).toBe(3);
  });

  test('when many calls are in flight at once', async () => {
    await ends.serve(new Root());
    const calls = Array.from({ length: 20 }, (_, number) =>
      ends.python.call({ target: ends.target, method: 'double', args: { number } }),
    );
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, number) => 2 * number));
  });
});

describe('the namespace and version find our endpoint', () => {
  const endpoints = () => [
    new Root(),
    { target: new Target({ namespace: 'named', version: '2.3' }), where: () => 'named 2.3' },
    { target: new Target({ version: '2.0' }), where: () => 'root 2.0' },
    {
      target: new Target({ namespace: 'new_name', version: '1.0', legacyNamespaces: ['old_name', null] }),
      where: () => 'renamed',
    },
  ];

  test.each([
    ['no namespace, same version', { version: '1.1' }, 'who_am_i', 'ts'],
    ['no namespace, older minor', { version: '1.0' }, 'who_am_i', 'ts'],
    ['named namespace', { namespace: 'named', version: '2.1' }, 'where', 'named 2.3'],
    ['its new name', { namespace: 'new_name', version: '1.0' }, 'where', 'renamed'],
    ['its legacy name', { namespace: 'old_name', version: '1.0' }, 'where', 'renamed'],
    ['another major', { version: '2.0' }, 'where', 'root 2.0'],
  ])('%s', async (_title, prepared, method, answer) => {
    await ends.serve(endpoints());
    expect(await ends.python.call({ target: { ...ends.target, ...prepared }, method })).toBe(answer);
  });

  test.each([
    ['a newer minor', { version: '1.2' }, 'echo', 'UnsupportedVersion'],
    ['another major', { version: '3.0' }, 'echo', 'UnsupportedVersion'],
    ['an unknown namespace', { namespace: 'absent' }, 'echo', 'UnsupportedVersion'],
    ['an unknown method', {}, 'absent', 'NoSuchMethod'],
    ['a method of another namespace', { namespace: 'named', version: '2.0' }, 'echo', 'NoSuchMethod'],
  ])('%s is refused', async (_title, prepared, method, name) => {
    await ends.serve(endpoints());
    const call = ends.python.call({ target: { ...ends.target, ...prepared }, method });
    // As between two Python ends: callers do not allow these errors' module.
    await expect(call).rejects.toMatchObject({
      type: 'RemoteError',
      message: expect.stringContaining(`${name} Endpoint does not support RPC`),
    });
  });

  test("a message above the caller's version cap is not sent", async () => {
    const root = new Root();
    await ends.serve(root);
    const cast = ends.python.cast({
      target: { ...ends.target, version: '1.1' },
      method: 'note',
      args: { value: 1 },
      version_cap: '1.0',
    });
    await expect(cast).rejects.toMatchObject({ type: 'RPCVersionCapError' });
    await ends.python.cast({ target: ends.target, method: 'note', args: { value: 2 }, version_cap: '1.0' });
    await vi.waitFor(() => expect(root.notes).toEqual([2]));
  });
});

describe("our server's access policy", () => {
  const endpoint = {
    rpcMethods: ['exposed'],
    exposed: () => 'exposed',
    notExposed: () => 'not exposed',
    _private: () => 'private',
  };

  test.each([
    ['legacy', '_private', 'private'],
    ['default', 'not_exposed', 'not exposed'],
    ['default', '_private', 'refused'],
    ['explicit', 'exposed', 'exposed'],
    ['explicit', 'not_exposed', 'refused'],
  ] as const)('%s, method %s: %s', async (accessPolicy, method, answer) => {
    await ends.serve(endpoint, { accessPolicy });
    const call = ends.python.call({ target: ends.target, method });
    if (answer !== 'refused') expect(await call).toBe(answer);
    else await expect(call).rejects.toThrow(`NoSuchMethod Endpoint does not support RPC method ${method}`);
  });
});

describe("our server's ping endpoint", () => {
  const ping = (target: object) =>
    ends.python.call({ target: { ...ends.target, ...target }, method: 'oslo_rpc_server_ping' });

  test('answers with pingEnabled', async () => {
    await ends.serve(new Root(), { pingEnabled: true });
    expect(await ping({})).toBe('pong');
    expect(await ping({ server: 'ts' })).toBe('pong');
  });

  test('does not exist without', async () => {
    await ends.serve(new Root());
    await expect(ping({})).rejects.toThrow('NoSuchMethod');
  });
});
