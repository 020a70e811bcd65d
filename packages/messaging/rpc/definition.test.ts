import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { CallCancelled, MessagingTimeout, RPCVersionCapError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { JsonPrimitiveSerializer, type Serializer } from '../serializers.ts';
import { Target } from '../target.ts';
import { CTXT, Gate, RpcFixture } from '../test/rpc-fixture.ts';
import { clientOf } from './api-client.ts';
import type { ClientFactory } from './client.ts';
import {
  type ArgsOf,
  call,
  cast,
  defineRpc,
  type EndpointOf,
  type ResultOf,
  stream,
  type,
} from './definition.ts';
import { camelCase, endpoint } from './endpoint.ts';
import type { RpcRequest } from './request.ts';
import { getRpcServer, type RPCServer } from './server.ts';
import type { DoesNotTravel, JsonWith, Travels } from './travels.ts';

interface Guest {
  name: string;
  host: string | null;
}

function hostOf({ guest }: { guest: Guest }): string {
  if (guest.host === null) throw new RangeError(`${guest.name} is nowhere`);
  return guest.host;
}

const hotelRpc = defineRpc(
  { topic: 'hotel', namespace: 'rooms', version: '2.3' },
  {
    /** Finds a room in any hotel. */
    findRoom: call('find_room', {
      since: '2.0',
      to: 'topic',
      args: type<{ beds: number; view?: string; smoking: boolean }>(),
      defaults: { smoking: false },
      result: type<{ room: number } | null>(),
    }),
    wakeGuest: call('wake_guest', {
      since: '2.1',
      to: hostOf,
      args: type<{ guest: Guest; words: string; volume: number }>(),
      defaults: { words: ({ guest }) => `Good morning, ${guest.name}`, volume: ({ words }) => words.length },
      result: type<string>(),
    }),
    cleanUp: cast('clean_up', { since: '2.0', to: 'server', args: type<{ floor?: number }>() }),
    ringBells: cast('ring_bells', { since: '2.2', to: 'fanout' }),
    readGuestBook: stream('read_guest_book', {
      since: '2.3',
      to: 'server',
      args: type<{ year: number }>(),
      result: type<string>(),
    }),
  },
);

class HotelAPI extends clientOf(hotelRpc) {}

class Hotel implements EndpointOf<typeof hotelRpc, JsonObject> {
  readonly name: string;
  readonly seen: { method: string; version: string; args: object }[] = [];

  constructor(name: string) {
    this.name = name;
  }

  async findRoom(_ctxt: JsonObject, args: ArgsOf<typeof hotelRpc, 'findRoom'>, request: RpcRequest) {
    this.#note(args, request);
    return args.beds > 2 ? null : { room: 7 };
  }

  wakeGuest(_ctxt: JsonObject, args: ArgsOf<typeof hotelRpc, 'wakeGuest'>, request: RpcRequest): string {
    this.#note(args, request);
    return `${this.name}: ${args.words}!${args.volume}`;
  }

  cleanUp(_ctxt: JsonObject, args: { floor?: number }, request: RpcRequest): void {
    this.#note(args, request);
  }

  async ringBells(_ctxt: JsonObject, args: object, request: RpcRequest): Promise<void> {
    this.#note(args, request);
  }

  async *readGuestBook(_ctxt: JsonObject, args: { year: number }): AsyncGenerator<string> {
    yield `${args.year}: nice`;
    yield `${args.year}: loud`;
  }

  /** Not in any definition. */
  sell(): string {
    return 'sold';
  }

  #note(args: object, { method, version }: RpcRequest): void {
    this.seen.push({ method, version, args });
  }
}

describe('an API that is defined', () => {
  let rpc: RpcFixture;
  const hotels = [new Hotel('ritz'), new Hotel('savoy')];
  const [ritz, savoy] = hotels as [Hotel, Hotel];

  beforeEach(async () => {
    rpc = new RpcFixture('memory://definition/');
    for (const hotel of hotels) {
      hotel.seen.length = 0;
      await rpc.serve(endpoint(hotelRpc, hotel), { topic: 'hotel', server: hotel.name });
    }
  });

  afterEach(() => rpc.close());

  it('gets its result from one server of the topic', async () => {
    const api = new HotelAPI(rpc.transport());
    expect(await api.findRoom(CTXT, { beds: 2 })).toEqual({ room: 7 });
    expect(await api.findRoom(CTXT, { beds: 3, smoking: true, view: 'sea' })).toBeNull();
    expect(new Set([...ritz.seen, ...savoy.seen])).toEqual(
      new Set([
        { method: 'find_room', version: '2.0', args: { beds: 2, smoking: false } },
        { method: 'find_room', version: '2.0', args: { beds: 3, smoking: true, view: 'sea' } },
      ]),
    );
  });

  it('goes where its arguments say, with defaults that follow from them', async () => {
    const api = new HotelAPI(rpc.transport());
    const guest = { name: 'Ann', host: 'savoy' };
    expect(await api.wakeGuest(CTXT, { guest })).toBe('savoy: Good morning, Ann!17');
    expect(await api.wakeGuest(CTXT, { guest, words: 'Up' })).toBe('savoy: Up!2');
    expect(savoy.seen.map(({ version }) => version)).toEqual(['2.1', '2.1']);
  });

  it('rejects when the arguments name no server', async () => {
    const api = new HotelAPI(rpc.transport());
    await expect(api.wakeGuest(CTXT, { guest: { name: 'Ann', host: null } })).rejects.toThrow(
      'Ann is nowhere',
    );
  });

  it('goes to the server that is named', async () => {
    const api = new HotelAPI(rpc.transport());
    await api.cleanUp(CTXT, 'ritz');
    await api.cleanUp(CTXT, 'ritz', { floor: 3 });
    await vi.waitFor(() => expect(ritz.seen.map(({ args }) => args)).toEqual([{}, { floor: 3 }]));
    expect(savoy.seen).toEqual([]);
  });

  it('goes to all servers', async () => {
    await new HotelAPI(rpc.transport()).ringBells(CTXT);
    const rung = [{ method: 'ring_bells', version: '2.2', args: {} }];
    await vi.waitFor(() => expect([ritz.seen, savoy.seen]).toEqual([rung, rung]));
  });

  it('yields several results', async () => {
    const lines: string[] = [];
    const book = new HotelAPI(rpc.transport()).readGuestBook(CTXT, 'ritz', { year: 1999 });
    for await (const line of book) lines.push(line);
    expect(lines).toEqual(['1999: nice', '1999: loud']);
  });

  it('takes options for one call', async () => {
    const api = new HotelAPI(rpc.transport());
    const signal = AbortSignal.abort();
    await expect(api.ringBells(CTXT, {}, { signal })).rejects.toBeInstanceOf(CallCancelled);
    await expect(api.cleanUp(CTXT, 'ritz', {}, { signal })).rejects.toBeInstanceOf(CallCancelled);
    const nowhere = new HotelAPI(rpc.transport(), { topic: 'motel', failUndeliverable: false });
    await expect(nowhere.findRoom(CTXT, { beds: 1 }, { timeout: 0.01 })).rejects.toBeInstanceOf(
      MessagingTimeout,
    );
    expect([...ritz.seen, ...savoy.seen]).toEqual([]);
  });

  it('sends what a capped server understands, and no more', async () => {
    const api = new HotelAPI(rpc.transport(), { versionCap: '2.1' });
    expect(await api.findRoom(CTXT, { beds: 1 })).toEqual({ room: 7 });
    await expect(api.ringBells(CTXT)).rejects.toBeInstanceOf(RPCVersionCapError);
  });

  it('lets its client resend what may run twice', async () => {
    const methods: string[] = [];
    const api = new HotelAPI(rpc.transport(), {
      around: async ({ wireName }, send) => {
        methods.push(wireName);
        await send();
        return send();
      },
    });
    await api.findRoom(CTXT, { beds: 1 });
    expect(methods).toEqual(['find_room']);
    expect([...ritz.seen, ...savoy.seen]).toHaveLength(2);
  });

  it('serves its methods and nothing else of the object', async () => {
    const client = rpc.client({ target: { topic: 'hotel', namespace: 'rooms', version: '2.0' } });
    await expect(client.call(CTXT, 'sell')).rejects.toThrow('sell');
    await expect(client.call(CTXT, 'findRoom', { beds: 1 })).rejects.toThrow('findRoom');
    await expect(client.prepare({ version: '2.4' }).call(CTXT, 'find_room')).rejects.toThrow('2.4');
  });

  it('logs quietly the errors that its object expects', async () => {
    const target = new Target({ topic: 'quiet', server: 'host1' });
    const opened = new Gate();
    class Quiet {
      readonly expectedErrors = [RangeError];
      async ringBells(): Promise<void> {
        opened.open();
        throw new RangeError('no bells');
      }
    }
    const bellsRpc = defineRpc(
      { topic: 'quiet' },
      { ringBells: call('ring_bells', { since: '1.0', to: 'topic' }) },
    );
    const logged = vi.fn();
    const logger = { debug() {}, info() {}, warn() {}, error: logged };
    const transport = rpc.transport({ logger });
    const server = getRpcServer(transport, target, [endpoint(bellsRpc, new Quiet())]);
    await server.start();
    const Bells = clientOf(bellsRpc);
    await expect(new Bells(transport).ringBells(CTXT)).rejects.toThrow('no bells');
    await server.stop();
    expect(opened.isOpen).toBe(true);
    expect(logged).not.toHaveBeenCalled();
  });
});

describe('a definition that is wrong at run time', () => {
  it('has a method that is newer than the API', () => {
    const late = { ring: cast('ring', { since: '1.2', to: 'topic' }) };
    expect(() => defineRpc({ topic: 't', version: '1.1' }, late)).toThrow('ring is said to be since 1.2');
  });

  it('has two methods with one wire name', () => {
    const ring = cast('ring_2', { since: '1.0', to: 'topic' });
    expect(() => defineRpc({ topic: 't' }, { ring2: ring, ring_2: ring } as never)).toThrow(
      'wire name ring_2',
    );
  });

  it('has a method that every object has', () => {
    const methods = { toString: cast('to_string', { since: '1.0', to: 'topic' }) };
    expect(() => defineRpc({ topic: 't' }, methods)).toThrow('toString');
  });

  it('is served by an object that lacks a method', () => {
    const target = new Target({ topic: 'hotel', server: 'h' });
    const lacking = endpoint(hotelRpc, { findRoom: () => null } as never);
    expect(() => getRpcServer(new RpcFixture('memory://lacking/').transport(), target, [lacking])).toThrow(
      'no method wakeGuest',
    );
  });
});

it.each([
  ['ping', 'ping'],
  ['select_destinations', 'selectDestinations'],
  ['get_ec2_ids', 'getEc2Ids'],
  ['boot_2_hosts', 'boot2Hosts'],
  ['_build_instance', '_buildInstance'],
  ['__proto__', '__proto__'],
])('the method of %s is %s', (wireName, method) => {
  expect(camelCase(wireName)).toBe(method);
});

class Money {
  readonly #cents = 1;
  cents(): number {
    return this.#cents;
  }
}

class MoneySerializer extends JsonPrimitiveSerializer implements Serializer {
  declare readonly carries?: (value: Money) => void;
}

const bankRpc = defineRpc(
  { topic: 'bank', serializer: MoneySerializer },
  { pay: call('pay', { since: '1.0', to: 'topic', args: type<{ sums: Money[] }>(), result: type<Money>() }) },
);

/** Never run: the compiler is the test. */
export async function callsAreChecked(api: HotelAPI): Promise<void> {
  expectTypeOf(await api.findRoom(CTXT, { beds: 1 })).toEqualTypeOf<{ room: number } | null>();
  expectTypeOf(await api.ringBells(CTXT)).toEqualTypeOf<undefined>();
  expectTypeOf(api.readGuestBook(CTXT, 'ritz', { year: 1 })).toEqualTypeOf<
    AsyncGenerator<string, void, undefined>
  >();
  expectTypeOf<ResultOf<typeof hotelRpc, 'wakeGuest'>>().toEqualTypeOf<string>();
  expectTypeOf<ArgsOf<typeof hotelRpc, 'cleanUp'>>().toEqualTypeOf<{ floor?: number }>();

  // @ts-expect-error an argument is missing
  await api.findRoom(CTXT, {});
  // @ts-expect-error an argument of another type
  await api.findRoom(CTXT, { beds: 'two' });
  // @ts-expect-error there is no such argument
  await api.findRoom(CTXT, { beds: 2, minibar: true });
  // @ts-expect-error what must be there cannot be left out
  await api.findRoom(CTXT);
  // @ts-expect-error there is no such method
  await api.sell(CTXT);
  // @ts-expect-error the server must be named
  await api.cleanUp(CTXT, { floor: 1 });
  // @ts-expect-error it follows from the arguments
  await api.wakeGuest(CTXT, 'ritz', { guest: { name: 'Ann', host: 'ritz' } });
  // @ts-expect-error nobody waits for a cast
  await api.ringBells(CTXT, {}, { timeout: 1 });
}

/** Never run: the compiler is the test. */
export function endpointsAreChecked(target: Target, rpc: RpcFixture): void {
  const { findRoom, cleanUp, ringBells, readGuestBook, wakeGuest } = new Hotel('');
  const most = { findRoom, cleanUp, ringBells, readGuestBook };
  endpoint(hotelRpc, { ...most, wakeGuest });
  // @ts-expect-error a method is missing
  endpoint(hotelRpc, most);
  // @ts-expect-error it has another name
  endpoint(hotelRpc, { ...most, wake_guest: wakeGuest });
  // @ts-expect-error the API says text
  endpoint(hotelRpc, { ...most, wakeGuest: () => 1 });
  // @ts-expect-error callers send a number
  endpoint(hotelRpc, { ...most, wakeGuest, cleanUp: (_ctxt: object, _args: { floor: string }) => {} });
  // @ts-expect-error it has several results
  endpoint(hotelRpc, { ...most, wakeGuest, readGuestBook: () => 'nice' });

  const served = endpoint(hotelRpc, new Hotel(''));
  expectTypeOf(getRpcServer(rpc.transport(), target, [served])).toEqualTypeOf<RPCServer<typeof hotelRpc>>();
  const bank = endpoint(bankRpc, { pay: () => new Money() });
  getRpcServer(rpc.transport(), target, [bank], { serializer: new MoneySerializer() });
  // @ts-expect-error JSON does not carry money
  getRpcServer(rpc.transport(), target, [bank]);
}

// @ts-expect-error a method is missing
export class Incomplete implements EndpointOf<typeof bankRpc> {}

export class WrongArgument implements EndpointOf<typeof bankRpc> {
  // @ts-expect-error the API sends money
  pay(_ctxt: unknown, { sums }: { sums: string[] }): Money {
    expectTypeOf(sums).toEqualTypeOf<string[]>();
    return new Money();
  }
}

/** Never run: the compiler is the test. */
export function clientsAreChecked(json: ClientFactory, money: ClientFactory<Money>): void {
  const Bank = clientOf(bankRpc);
  const Hotels = clientOf(hotelRpc);
  new Bank(money);
  new Hotels(json);
  new Hotels(money);
  // @ts-expect-error JSON does not carry money
  new Bank(json);
}

/** Never run: the compiler is the test. */
export function definitionsAreChecked(): void {
  const since = '1.0';
  const to = 'topic';
  defineRpc({}, { fine: call('fine', { since, to, args: type<{ a?: JsonObject; b: [1, 'x'] }>() }) });
  // @ts-expect-error the name belongs to another wire name
  defineRpc({}, { boot: call('boot_all', { since, to }) });
  // @ts-expect-error the wire name, not the method's
  defineRpc({}, { boot_all: call('boot_all', { since, to }) });
  // @ts-expect-error a date arrives as text
  defineRpc({}, { boot: call('boot', { since, to, args: type<{ at: Date }>() }) });
  // @ts-expect-error however deep
  defineRpc({}, { boot: call('boot', { since, to, result: type<{ list: { at?: Date | null }[] }>() }) });
  // @ts-expect-error an instance of a class arrives as a plain object
  defineRpc({}, { boot: cast('boot', { since, to, args: type<{ sum: Money }>() }) });
  const pay = cast('pay', { since, to, args: type<{ sums: Map<string, Money> }>() });
  // @ts-expect-error its serializer carries money, and no maps
  defineRpc({ serializer: MoneySerializer }, { pay });
  // @ts-expect-error it may be anything
  defineRpc({}, { boot: call('boot', { since, to, result: type<unknown>() }) });
  // @ts-expect-error nobody can wait for all servers
  call('boot', { since, to: 'fanout' });
  // @ts-expect-error there is no such argument to find the server by
  call('boot', { since, to: hostOf, args: type<{ name: string }>() });
  // @ts-expect-error there is no such argument
  call('boot', { since, to, args: type<{ name: string }>(), defaults: { nam: 'x' } });
  // @ts-expect-error a default of another type
  call('boot', { since, to, args: type<{ name: string }>(), defaults: { name: 1 } });
  // @ts-expect-error no version
  call('boot', { since: 'long ago', to });
}

interface Tree {
  name: string;
  children: Tree[];
}

class PublicData {
  x = 1;
}

class PrivateData {
  private readonly x = 1;
  get y(): number {
    return this.x;
  }
}

/** Never run: the compiler is the test. */
export function whatTravels(): void {
  expectTypeOf<Tree>().toExtend<Travels<Tree>>();
  expectTypeOf<PublicData>().toExtend<Travels<PublicData>>();
  expectTypeOf<Travels<{ a?: string; b: JsonObject[] }>>().toEqualTypeOf<{ a?: string; b: JsonObject[] }>();
  expectTypeOf<JsonWith<Money>>().toExtend<Travels<JsonWith<Money>, Money>>();
  expectTypeOf<Travels<Money | null, Money>>().toEqualTypeOf<Money | null>();
  expectTypeOf<Travels<Date>>().toEqualTypeOf<DoesNotTravel<Date>>();
  expectTypeOf<Travels<bigint | 1>>().toEqualTypeOf<DoesNotTravel<bigint> | 1>();
  expectTypeOf<Travels<Uint8Array>>().toEqualTypeOf<DoesNotTravel<Uint8Array>>();
  expectTypeOf<Travels<PrivateData>>().toEqualTypeOf<DoesNotTravel<PrivateData>>();
  expectTypeOf<Travels<() => void>>().toEqualTypeOf<DoesNotTravel<() => void>>();
  expectTypeOf<Travels<{ at: Set<string> }>>().toEqualTypeOf<{ at: DoesNotTravel<Set<string>> }>();
  expectTypeOf<Travels<object>>().toEqualTypeOf<DoesNotTravel<object>>();
  expectTypeOf<Travels<unknown>>().toEqualTypeOf<DoesNotTravel<unknown>>();
}
