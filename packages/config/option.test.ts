import { describe, expect, test } from 'vitest';
import { ConfigError, loadConfig, type Option } from './index.ts';
import { boolean, custom, float, integer, list, port, seconds, string } from './option.ts';

/** What a configuration makes of an option's value; undefined: it is refused. */
function read<T>(option: Option<T>, value: unknown): T | undefined {
  const schema = { own: { option } };
  try {
    return loadConfig({ schema, configFiles: [], env: {}, overrides: { 'own.option': value } }).own.option;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

const help = '';

describe('boolean', () => {
  test.each([
    ['true', true],
    ['True', true],
    ['1', true],
    ['yes', true],
    ['ON', true],
    [' on ', true],
    ['false', false],
    ['0', false],
    ['no', false],
    ['Off', false],
    ['', undefined],
    ['maybe', undefined],
    ['2', undefined],
    ['t', undefined],
  ])('%j is %j', (text, value) => {
    expect(read(boolean({ default: true, help }), text)).toBe(value);
  });
});

describe('integer', () => {
  test.each([
    ['5', 5],
    [' 5 ', 5],
    ['+5', 5],
    ['-1', -1],
    ['10', 10],
    ['11', undefined],
    ['-2', undefined],
    ['5.5', undefined],
    ['5s', undefined],
    ['0x5', undefined],
    ['1e1', undefined],
    ['', undefined],
    ['Infinity', undefined],
    ['99999999999999999999', undefined],
  ])('from -1 to 10: %j is %j', (text, value) => {
    expect(read(integer({ default: 0, min: -1, max: 10, help }), text)).toBe(value);
  });

  test('says its range', () => {
    expect(integer({ default: 1, min: 1, max: 10, help }).allowed).toBe('an integer from 1 to 10');
    expect(integer({ default: 1, min: 1, help }).allowed).toBe('an integer from 1 to 2147483647');
  });

  test("has 32 bits, as the databases' columns have, unless a range says otherwise", () => {
    const values = [2 ** 31 - 1, 2 ** 31, -(2 ** 31)].map((value) =>
      read(integer({ default: 1, help }), value),
    );
    expect(values).toEqual([2 ** 31 - 1, undefined, undefined]);
    expect(read(integer({ default: 1, max: 2 ** 40, help }), 2 ** 40)).toBe(2 ** 40);
  });
});

describe('float and seconds', () => {
  test.each([
    ['0.5', 0.5],
    ['.5', 0.5],
    ['5.', 5],
    ['-2', -2],
    ['1e-3', 0.001],
    ['NaN', undefined],
    ['Infinity', undefined],
    ['1,5', undefined],
    ['', undefined],
    ['.', undefined],
  ])('%j is %j', (text, value) => {
    expect(read(float({ default: 0, help }), text)).toBe(value);
  });

  test('a time is not negative unless its range says so', () => {
    expect(read(seconds({ default: 1, help }), '-1')).toBeUndefined();
    expect(read(seconds({ default: 1, min: -1, help }), '-1')).toBe(-1);
    expect(seconds({ default: 1, help }).unit).toBe('seconds');
  });
});

test.each([
  ['0', 0],
  ['65535', 65535],
  ['65536', undefined],
  ['-1', undefined],
  ['80a', undefined],
])('port %j is %j', (text, value) => {
  expect(read(port({ default: 1, help }), text)).toBe(value);
});

describe('list', () => {
  test.each([
    ['a,b', ['a', 'b']],
    [' a , b ', ['a', 'b']],
    ['a,b,', ['a', 'b']],
    ['', []],
    ['a,,b', undefined],
    [',a', undefined],
  ])('%j is %j', (text, value) => {
    expect(read(list({ default: [], help }), text)).toEqual(value);
  });

  test('takes only its choices', () => {
    const colours = list({ default: ['red'], choices: ['red', 'green'], help });
    expect(read(colours, 'green,red')).toEqual(['green', 'red']);
    expect(read(colours, 'green,blue')).toBeUndefined();
    expect(colours.allowed).toContain('red, green');
  });
});

describe('string', () => {
  test('takes only its choices', () => {
    const colour = string({ default: 'red', choices: ['red', 'green'], help });
    expect(read(colour, 'green')).toBe('green');
    expect(read(colour, 'Green')).toBeUndefined();
    expect(colour.allowed).toBe('one of red, green');
  });

  test('takes only what matches its pattern', () => {
    const name = string({ default: 'a', pattern: /^[a-z]+$/, allowed: 'small letters', help });
    expect(read(name, 'b')).toBe('b');
    expect(read(name, 'b1')).toBeUndefined();
  });
});

test('options whose own formats have one name, or that of a type, keep their formats', () => {
  const shout = (text: string) =>
    custom({
      name: 'word',
      type: 'word',
      allowed: 'a word',
      parse: () => text,
      accepts: (value) => value === text,
      default: text,
      help,
    });
  const [first, second] = [shout('first'), shout('second')];
  custom({ ...first, name: 'integer', parse: () => 'not a number', accepts: () => true, help });

  expect([read(first, 'any'), read(second, 'any'), read(first, 'any')]).toEqual(['first', 'second', 'first']);
  expect(read(integer({ default: 1, help }), '5')).toBe(5);
});

test('an empty text is null only where the default is null', () => {
  expect(read(string({ default: null, help }), '')).toBeNull();
  expect(read(integer({ default: null, help }), ' ')).toBeNull();
  expect(read(integer({ default: null, help }), '5')).toBe(5);
  expect(read(integer({ default: 1, help }), '')).toBeUndefined();
});
