import { describe, expect, test, vi } from 'vitest';
import type { RpcMessage } from '../drivers/driver.ts';
import { NoSuchMethod, UnsupportedVersion } from '../errors.ts';
import type { JsonValue } from '../json.ts';
import { NoOpSerializer } from '../serializers.ts';
import { Target } from '../target.ts';
import { MalformedRequest, RPCDispatcher } from './dispatcher.ts';
import type { AccessPolicy } from './endpoint.ts';

const dispatch = (dispatcher: RPCDispatcher, message: object) =>
  dispatcher.dispatch({}, { args: {}, ...message } as RpcMessage);

class Endpoint {
  readonly target = new Target({ version: '1.5' });
  readonly notAMethod = 'text';
  readonly arrow = () => 'arrow';

  async selectDestinations(_ctxt: object, args: object): Promise<unknown> {
    return { self: this instanceof Endpoint, args };
  }

  _privateMethod(): string {
    return 'private';
  }

  get accessor(): () => string {
    throw new Error('an accessor was run');
  }

  toString(): string {
    return 'overridden';
  }
}

class Derived extends Endpoint {
  derivedOnly(): string {
    return 'derived';
  }
}

describe('a wire name', () => {
  const dispatcher = new RPCDispatcher([new Derived()], { accessPolicy: 'legacy' });

  test.each([
    ['select_destinations', { self: true, args: {} }],
    ['derived_only', 'derived'],
    ['arrow', 'arrow'],
    ['_private_method', 'private'],
  ])('%s finds its method', async (method, expected) => {
    expect(await dispatch(dispatcher, { method })).toEqual(expected);
  });

  test.each([
    'absent',
    'target',
    'rpcMethods',
    'rpc_methods',
    'not_a_method',
    'accessor',
    'constructor',
    'to_string',
    'toString',
    'value_of',
    'has_own_property',
    '__proto__',
    '__define_getter__',
    '__lookupGetter__',
  ])('%s finds nothing', async (method) => {
    await expect(dispatch(dispatcher, { method })).rejects.toThrow(NoSuchMethod);
  });

  test.each(['call', 'apply', 'bind'])(
    '%s finds nothing on an endpoint that is a function',
    async (method) => {
      const callable = Object.assign(() => {}, { ping: () => 'pong' });
      const dispatcher = new RPCDispatcher([callable]);
      expect(await dispatch(dispatcher, { method: 'ping' })).toBe('pong');
      await expect(dispatch(dispatcher, { method })).rejects.toThrow(NoSuchMethod);
    },
  );
});

describe('access policy', () => {
  const endpoint = {
    rpcMethods: ['open_one', '_open_two'],
    openOne: () => 1,
    _openTwo: () => 2,
    other: () => 3,
  };

  test.each<[AccessPolicy, string, number | undefined]>([
    ['legacy', 'open_one', 1],
    ['legacy', '_open_two', 2],
    ['legacy', 'other', 3],
    ['default', 'open_one', 1],
    ['default', '_open_two', undefined],
    ['default', 'other', 3],
    ['explicit', 'open_one', 1],
    ['explicit', '_open_two', 2],
    ['explicit', 'other', undefined],
    ['explicit', 'openOne', undefined],
  ])('%s, method %s: %s', async (accessPolicy, method, expected) => {
    const result = dispatch(new RPCDispatcher([endpoint], { accessPolicy }), { method });
    if (expected === undefined) await expect(result).rejects.toThrow(NoSuchMethod);
    else expect(await result).toBe(expected);
  });

  test('default is the default', async () => {
    await expect(dispatch(new RPCDispatcher([endpoint]), { method: '_open_two' })).rejects.toThrow(
      NoSuchMethod,
    );
  });

  test('explicit serves nothing of an endpoint that names nothing', async () => {
    const dispatcher = new RPCDispatcher([{ ping: () => 'pong' }], { accessPolicy: 'explicit' });
    await expect(dispatch(dispatcher, { method: 'ping' })).rejects.toThrow(NoSuchMethod);
  });
});

describe('endpoints', () => {
  test('are asked in their order, the next one when the first lacks the method', async () => {
    const dispatcher = new RPCDispatcher([
      { target: new Target({ version: '1.5' }), one: () => 'first' },
      { target: new Target({ version: '1.9' }), one: () => 'second', two: () => 'second' },
    ]);
    expect(await dispatch(dispatcher, { method: 'one', version: '1.2' })).toBe('first');
    expect(await dispatch(dispatcher, { method: 'one', version: '1.7' })).toBe('second');
    expect(await dispatch(dispatcher, { method: 'two', version: '1.2' })).toBe('second');
  });

  test('without a target serve the root namespace at 1.0, as a message without a version asks', async () => {
    const dispatcher = new RPCDispatcher([{ ping: () => 'pong' }]);
    expect(await dispatch(dispatcher, { method: 'ping' })).toBe('pong');
    expect(await dispatch(dispatcher, { method: 'ping', version: null, namespace: null })).toBe('pong');
    for (const message of [{ version: '1.1' }, { namespace: 'x' }, { version: 'latest' }, { version: '' }]) {
      await expect(dispatch(dispatcher, { method: 'ping', ...message })).rejects.toThrow(UnsupportedVersion);
    }
  });

  test('the error is about the version when none is compatible, and about the method when one is', async () => {
    const dispatcher = new RPCDispatcher([
      { target: new Target({ namespace: 'a', version: '1.0' }), here: () => 1 },
      { target: new Target({ namespace: 'b', version: '2.0' }), there: () => 2 },
    ]);
    const request = (namespace: string, version: string) =>
      dispatch(dispatcher, { method: 'there', namespace, version });
    await expect(request('a', '1.0')).rejects.toThrow('Endpoint does not support RPC method there');
    await expect(request('a', '2.0')).rejects.toThrow(
      'Endpoint does not support RPC version 2.0. Attempted method: there',
    );
    expect(await request('b', '2.0')).toBe(2);
  });

  test('whose target or rpcMethods is something else are refused', () => {
    expect(() => new RPCDispatcher([{ target: () => 'a method' }])).toThrow(TypeError);
    expect(() => new RPCDispatcher([{ rpcMethods: () => 'a method' }])).toThrow(TypeError);
  });
});

describe('arguments and result', () => {
  class TaggingSerializer extends NoOpSerializer {
    override serializeEntity(_ctxt: object, entity: unknown): JsonValue {
      return `out:${entity}`;
    }

    override deserializeEntity(_ctxt: object, entity: JsonValue): unknown {
      return `in:${entity}`;
    }
  }

  test('go through the serializer, each argument by itself', async () => {
    const serializer = new TaggingSerializer();
    const dispatcher = new RPCDispatcher(
      [{ join: (_ctxt: object, args: object) => Object.values(args).join() }],
      {
        serializer,
      },
    );
    expect(await dispatch(dispatcher, { method: 'join', args: { a: 1, b: null } })).toBe('out:in:1,in:null');
  });

  test('an argument cannot change a prototype', async () => {
    const dispatcher = new RPCDispatcher([
      { isAdmin: (_ctxt: object, args: { admin?: true }) => args.admin },
    ]);
    const args = JSON.parse('{"__proto__": {"admin": true}}');
    expect(await dispatch(dispatcher, { method: 'is_admin', args })).toBeNull();
  });

  test('a result that JSON cannot carry is a TypeError that names where', async () => {
    const dispatcher = new RPCDispatcher([{ give: () => ({ a: Number.NaN }) }]);
    await expect(dispatch(dispatcher, { method: 'give' })).rejects.toThrow('result.a');
  });
});

test('around runs around the method, with the context and the message', async () => {
  const steps: unknown[] = [];
  const dispatcher = new RPCDispatcher([{ ping: () => steps.push('ping') }], {
    around: async (ctxt, message, run) => {
      steps.push([ctxt, message.method]);
      await run();
      steps.push('after');
      return 'from around';
    },
  });
  expect(await dispatch(dispatcher, { method: 'ping' })).toBe('from around');
  expect(steps).toEqual([[{}, 'ping'], 'ping', 'after']);
});

test.each([
  [{}],
  [{ method: 7 }],
  [{ method: '' }],
  [{ method: 'ping', args: [] }],
  [{ method: 'ping', args: null }],
  [{ method: 'ping', args: 'text' }],
  [{ method: 'ping', namespace: 1 }],
  [{ method: 'ping', version: 1.0 }],
])('the request %o is malformed', async (message) => {
  const ping = vi.fn();
  await expect(dispatch(new RPCDispatcher([{ ping }]), message)).rejects.toThrow(MalformedRequest);
  expect(ping).not.toHaveBeenCalled();
});
