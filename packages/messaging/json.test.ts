import { expect, test } from 'vitest';
import { toPrimitive } from './json.ts';
import { JsonPrimitiveSerializer, NoOpSerializer } from './serializers.ts';

class Money {
  readonly cents: number;

  constructor(cents: number) {
    this.cents = cents;
  }
}

class Celsius {
  readonly degrees = 20;

  toJSON(): unknown {
    return { celsius: this.degrees, at: new Date(0) };
  }
}

const circular: { self?: unknown } = {};
circular.self = [circular, circular];

test.each<[string, unknown, unknown]>([
  ['text', 'é', 'é'],
  ['undefined', undefined, null],
  ['an undefined field', { a: undefined, b: 1 }, { b: 1 }],
  ['an undefined item', [undefined, 1], [null, 1]],
  ['a date', { at: new Date(1_700_000_000_123) }, { at: '2023-11-14T22:13:20.123Z' }],
  ['a set', new Set([1, new Set(['a'])]), [1, ['a']]],
  [
    'a map',
    new Map<unknown, unknown>([
      ['a', 1],
      [2, new Map()],
    ]),
    { a: 1, '2': {} },
  ],
  ['a bigint', [1n, -(2n ** 60n)], [1, '-1152921504606846976']],
  ['bytes', [Buffer.from('hello'), new Uint8Array([255])], ['aGVsbG8=', '/w==']],
  [
    'toJSON',
    [new Celsius(), new URL('http://h/')],
    [{ celsius: 20, at: '1970-01-01T00:00:00.000Z' }, 'http://h/'],
  ],
  ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
])('%s becomes primitive', (_what, value, expected) => {
  expect(toPrimitive(value)).toEqual(expected);
});

test('what is JSON already is passed on, not copied', () => {
  const value = { list: [1, 'a', null, { deep: true }] };
  expect(toPrimitive(value)).toBe(value);
});

test.each<[string, unknown, string]>([
  ['a function', { a: [() => {}] }, 'instance.a[0]: a function'],
  ['a symbol', [Symbol('s')], 'instance[0]: a symbol'],
  ['NaN', { a: Number.NaN }, 'instance.a: NaN'],
  ['an infinity', [[Number.POSITIVE_INFINITY]], 'instance[0][0]: Infinity'],
  ['an instance of a class', { price: new Money(1) }, 'instance.price: an instance of Money'],
  ['a promise that was not awaited', { a: Promise.resolve() }, 'instance.a: an instance of Promise'],
  ['an invalid date', new Date(Number.NaN), 'instance: it is an invalid date'],
  ['a map with odd keys', new Map([[{}, 1]]), "instance: a Map's key is a object"],
  ['a cycle', circular, 'it contains itself'],
])('%s is refused by its path', (_what, value, message) => {
  expect(() => toPrimitive(value, 'instance')).toThrow(TypeError);
  expect(() => toPrimitive(value, 'instance')).toThrow(message);
});

test('JsonPrimitiveSerializer makes values and contexts primitive, and leaves what arrives', () => {
  const serializer = new JsonPrimitiveSerializer();
  expect(serializer.serializeEntity({}, new Set([1]))).toEqual([1]);
  expect(serializer.serializeContext({ at: new Date(0) })).toEqual({ at: '1970-01-01T00:00:00.000Z' });
  expect(() => serializer.serializeContext(new Set())).toThrow(TypeError);
  const arrived = { at: '1970-01-01T00:00:00.000Z' };
  expect(serializer.deserializeEntity({}, arrived)).toBe(arrived);
  expect(serializer.deserializeContext(arrived)).toBe(arrived);
});

test('NoOpSerializer passes everything as it is', () => {
  const serializer = new NoOpSerializer();
  const value = new Map();
  expect(serializer.serializeEntity({}, value)).toBe(value);
  expect(serializer.serializeContext(value)).toBe(value);
});
