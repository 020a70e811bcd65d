import { describe, expect, test, vi } from 'vitest';
import { RecordingLogger } from '../packages/messaging/test/recording-logger.ts';
import { CTXT } from '../packages/messaging/test/rpc-fixture.ts';
import { BothEnds } from './support/both-ends.ts';
import { pythonValue } from './support/oslo-peer.ts';

const ends = BothEnds.use();

const MEGABYTE = 1_000_000;

/** Values that are unchanged by a round trip, in both directions. */
const SAME: [string, unknown][] = [
  ['null', null],
  ['false', false],
  ['zero', 0],
  ['empty text', ''],
  ['an empty list', []],
  ['an empty object', {}],
  ['nested lists and objects', [1, { a: [null, true, { b: [] }] }]],
  ['quotes, backslashes and control characters', '"\\\n\r\t\u0000\u001f\u007f\u2028'],
  ['accents, composed and decomposed', ['\u00e9', 'e\u0301', 'Zürich']],
  ['text of other scripts', '東京 Москва القاهرة'],
  ['characters of the astral planes', '🚀 𝒳 👩‍👩‍👧 \u{10ffff}'],
  ['a lone high surrogate', 'a\ud83db'],
  ['a lone low surrogate', '\ude80'],
  ['surrogates in the wrong order', '\ude80\ud83d'],
  ['keys that are not ASCII', { clé: 1, '🚀': 2, '': 3 }],
  ['the largest exact integer', 2 ** 53 - 1],
  ['the smallest exact integer', -(2 ** 53) + 1],
  ['a half', 1.5],
  ['a float with all its digits', 0.1 + 0.2],
  ['the largest float', Number.MAX_VALUE],
  ['the smallest float', Number.MIN_VALUE],
  ['1 MB of text', 'x'.repeat(MEGABYTE)],
  ['1 MB of characters that need escapes', '🚀"\\'.repeat(MEGABYTE / 8)],
  ['a list of 100,000 numbers', Array.from({ length: 100_000 }, (_, i) => i)],
];

describe('a value is the same after a round trip', () => {
  test.each(SAME)('through Python: %s', async (_title, value) => {
    await ends.servePython();
    expect(await ends.client().call(CTXT, 'echo', { value })).toMatchObject({ value });
  });

  test.each(SAME)('through our server: %s', async (_title, value) => {
    await ends.serve({ echo: (_ctxt: object, args: { value: unknown }) => args.value });
    expect(await ends.python.call({ target: ends.target, method: 'echo', args: { value } })).toEqual(value);
  });

  test('in the context, too', async () => {
    await ends.servePython();
    const ctxt = { ...CTXT, name: '🚀 Zürich \ud83d', nothing: null, roles: ['a', 'b'], is_admin: true };
    const answer = await ends.client().call(ctxt, 'echo', { value: null });
    expect(answer).toEqual({ value: null, ctxt: expect.objectContaining(ctxt) });
  });
});

describe('values that only one of the languages has', () => {
  test.each([
    ['a Date', new Date('2026-01-02T03:04:05.006Z'), 'str', "'2026-01-02T03:04:05.006Z'"],
    ['a Map', new Map([['a', 1]]), 'dict', "{'a': 1}"],
    ['a Set', new Set([1, 2]), 'list', '[1, 2]'],
    ['bytes', Buffer.from('abc'), 'str', "'YWJj'"],
    ['a small bigint', 7n, 'int', '7'],
    ['a bigint that no double holds', 2n ** 64n + 1n, 'str', "'18446744073709551617'"],
    ['a whole number in a float', 2, 'int', '2'],
    ['a large float', 1e21, 'float', '1e+21'],
    ['a field that is undefined', { a: undefined, b: 1 }, 'dict', "{'b': 1}"],
    ['a lone surrogate', '\ud83d', 'str', String.raw`'\ud83d'`],
  ])('ours arrives in Python: %s', async (_title, value, type, repr) => {
    await ends.servePython();
    expect(await ends.client().call(CTXT, 'describe', { value })).toEqual([type, repr]);
    await ends.serve({ give: () => value }, { server: 'ts' });
    const target = { ...ends.target, server: 'ts' };
    expect(await ends.python.describeResult({ target, method: 'give' })).toEqual([type, repr]);
  });

  test.each([
    ['a datetime', 'datetime.datetime(2026, 1, 2, 3, 4, 5)', '2026-01-02T03:04:05.000000'],
    ['a tuple', '(1, 2)', [1, 2]],
    ['a set', '{1}', [1]],
    ['a UUID', 'uuid.UUID(int=1)', '00000000-0000-0000-0000-000000000001'],
    ['a float that is whole', '2.0', 2],
    ['minus zero', '-0.0', -0],
    ['an integer beyond 53 bits, as the nearest double', '2 ** 64 + 1', 2 ** 64],
    ['number keys', '{1: 2}', { 1: 2 }],
  ])("Python's arrives with us: %s", async (_title, expression, value) => {
    await ends.servePython();
    expect(await ends.client().call(CTXT, 'evaluate', { expression })).toEqual(value);
    const given: unknown[] = [];
    await ends.serve({ take: (_ctxt: object, args: { value: unknown }) => void given.push(args.value) });
    const target = { ...ends.target, server: 'ts' };
    await ends.python.call({ target, method: 'take', args: { value: pythonValue(expression) } });
    expect(given).toEqual([value]);
  });

  test.each([
    ['NaN', Number.NaN],
    ['an infinity', Number.POSITIVE_INFINITY],
    ['a function', () => 1],
  ])('ours is refused before anything is sent: %s', async (_title, value) => {
    await ends.servePython();
    const call = ends.client().call(CTXT, 'echo', { value });
    await expect(call).rejects.toThrow(/^Cannot serialize value: .* has no form in JSON/);
  });

  test("Python's NaN, which is no JSON, is dropped with a log line, and the next call is answered", async () => {
    const logger = new RecordingLogger();
    await ends.serve(
      { echo: (_ctxt: object, args: { value: unknown }) => args.value },
      {
        transport: ends.transport({ logger }),
      },
    );
    const echo = (value: unknown, timeout: number) =>
      ends.python.call({ target: ends.target, method: 'echo', args: { value }, timeout });
    await expect(echo(pythonValue('float("nan")'), 1)).rejects.toMatchObject({ type: 'MessagingTimeout' });
    const dropped = [{ data: { reason: expect.stringContaining('JSON') } }];
    await vi.waitFor(() => expect(logger.at('warn', 'error')).toMatchObject(dropped));
    expect(await echo(1, 60)).toBe(1);
  });

  test("ours fails the call when it is our method's result", async () => {
    await ends.serve({ give: () => Number.NaN });
    await expect(ends.python.call({ target: ends.target, method: 'give' })).rejects.toMatchObject({
      bases: expect.arrayContaining(['Exception']),
      message: expect.stringContaining('Cannot serialize result: NaN has no form in JSON'),
    });
  });
});
