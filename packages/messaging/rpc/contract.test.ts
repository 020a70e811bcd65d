import { expect, expectTypeOf, test } from 'vitest';
import { CTXT, RpcFixture } from '../test/rpc-fixture.ts';
import type { CallContext } from './call-context.ts';
import { RPCClient } from './client.ts';
import { camelCase } from './contract.ts';
import type { EndpointOf } from './definition.ts';

type EchoContract = {
  echo: { args: { text: string }; result: string };
  count_words: { args: { text: string; language?: string }; result: number };
};

type PingContract = {
  ping: { args: { arg?: string }; result: null };
  reset: { args: Record<never, never>; result: null };
  echo: { args: { text: string }; result: string };
};

/** Never run: the compiler is the test. */
export async function argumentsCanBeLeftOut(client: RPCClient<PingContract>): Promise<void> {
  expectTypeOf(await client.call(CTXT, 'ping')).toEqualTypeOf<null>();
  expectTypeOf(await client.call(CTXT, 'ping', { arg: 'a' })).toEqualTypeOf<null>();
  expectTypeOf(await client.prepare({}).cast(CTXT, 'reset')).toEqualTypeOf<void>();
  client.multicall(CTXT, 'ping');

  // @ts-expect-error what must be there cannot be left out
  await client.call(CTXT, 'echo');
  // @ts-expect-error an argument of another type
  await client.call(CTXT, 'ping', { arg: 1 });
  // @ts-expect-error there is no such argument
  await client.call(CTXT, 'ping', { loud: true });
}

/** Never run: the compiler is the test. */
export async function contractIsChecked(client: RPCClient<EchoContract>): Promise<void> {
  expectTypeOf(await client.call(CTXT, 'echo', { text: 'hello' })).toEqualTypeOf<string>();
  expectTypeOf(await client.call(CTXT, 'count_words', { text: 'a b' })).toEqualTypeOf<number>();
  expectTypeOf(await client.cast(CTXT, 'echo', { text: 'hello' })).toEqualTypeOf<void>();
  expectTypeOf(client.prepare({ server: 'host1' })).toEqualTypeOf<CallContext<EchoContract>>();

  // @ts-expect-error no such method
  await client.call(CTXT, 'shout', { text: 'hello' });
  // @ts-expect-error the wire name, not the method's
  await client.call(CTXT, 'countWords', { text: 'hello' });
  // @ts-expect-error an argument is missing
  await client.call(CTXT, 'echo', {});
  // @ts-expect-error an argument of another type
  await client.call(CTXT, 'echo', { text: 1 });
  // @ts-expect-error an argument too many
  await client.call(CTXT, 'echo', { text: 'hello', loud: true });
  // @ts-expect-error a cast is checked as well
  await client.cast(CTXT, 'echo', { words: 1 });
  // @ts-expect-error and so is a prepared call
  await client.prepare({ fanout: true }).cast(CTXT, 'absent', {});
  // @ts-expect-error the result is text
  const length: number = await client.call(CTXT, 'echo', { text: 'hello' });
  expectTypeOf(length).toBeNumber();

  // @ts-expect-error what each method takes and gives must be said
  type NotAContract = RPCClient<{ echo: string }>;
  expectTypeOf<NotAContract>().toBeObject();
}

class EchoEndpoint implements EndpointOf<EchoContract> {
  echo(_ctxt: unknown, { text }: { text: string }): string {
    return text;
  }

  async countWords(_ctxt: unknown, { text }: { text: string }): Promise<number> {
    return text.split(' ').length;
  }
}

// @ts-expect-error a method is missing
export class Incomplete implements EndpointOf<EchoContract> {
  echo(): string {
    return '';
  }
}

export class WrongResult implements EndpointOf<EchoContract> {
  // @ts-expect-error the contract says text
  echo(): number {
    return 1;
  }

  countWords(): number {
    return 1;
  }
}

export class WrongArgument implements EndpointOf<EchoContract> {
  // @ts-expect-error the contract sends text
  echo(_ctxt: unknown, { text }: { text: number }): string {
    return String(text);
  }

  countWords(): number {
    return 1;
  }
}

/** A client without a contract takes any method. */
export async function anyContract(client: RPCClient): Promise<void> {
  expectTypeOf(await client.call(CTXT, 'anything', { a: 1 })).toEqualTypeOf<unknown>();
  // @ts-expect-error arguments are an object
  await client.call(CTXT, 'anything', 'text');
}

test('an endpoint of a contract serves a client of it', async () => {
  const rpc = new RpcFixture('memory://contract/');
  await rpc.serve(new EchoEndpoint());
  const client: RPCClient<EchoContract> = new RPCClient<EchoContract>(rpc.transport(), rpc.client().target);
  expect(await client.call(CTXT, 'echo', { text: 'hello' })).toBe('hello');
  expect(await client.call(CTXT, 'count_words', { text: 'one two' })).toBe(2);
  await rpc.close();
});

test.each([
  ['ping', 'ping'],
  ['select_destinations', 'selectDestinations'],
  ['get_ec2_ids', 'getEc2Ids'],
  ['boot_2_hosts', 'boot2Hosts'],
  ['_build_instance', '_buildInstance'],
  ['__proto__', '__proto__'],
])('the method of %s is %s', (wireName, method) => {
  expect(camelCase(wireName)).toBe(method);
});
