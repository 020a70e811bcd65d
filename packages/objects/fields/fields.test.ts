import type { JsonValue } from '@mini-nova/messaging';
import { describe, expect, it } from 'vitest';
import { FieldError } from '../errors.ts';
import { Flavor } from '../objects/flavor.ts';
import { Tag } from '../objects/tag.ts';
import { dictOfNullableStrings, dictOfStrings, listOfIntegers, setOfStrings } from './containers.ts';
import { dateTime } from './date-time.ts';
import { type Field, nullable, withDefault } from './field.ts';
import { listOfObjects, object } from './objects.ts';
import { boolean, flexibleBoolean, float, integer, string } from './scalars.ts';
import {
  ipAddress,
  ipv4Address,
  ipv6Address,
  macAddress,
  oneOf,
  resourceClass,
  uuid,
  versionPredicate,
} from './texts.ts';
import { architecture, osType, powerStateWord, scsiModel, vifModel, vmMode } from './vocabularies.ts';

const at = 'Thing.field';
const tag = new Tag({ tag: 'blue' });

interface Case {
  type: string;
  field: Field<unknown>;
  /** What is assigned, and what it becomes. */
  takes: [given: unknown, becomes: unknown][];
  refuses: unknown[];
}

const cases: Case[] = [
  {
    type: 'integer',
    field: integer(),
    takes: [
      [12, 12],
      ['12', 12],
      ['-7', -7],
      [0n, 0],
      [-0, 0],
      [9007199254740991, 9007199254740991],
    ],
    refuses: [
      'abc',
      '',
      '1.5',
      1.5,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      true,
      null,
      undefined,
      [1],
      {},
    ],
  },
  {
    type: 'float',
    field: float(),
    takes: [
      [1.5, 1.5],
      ['1.5', 1.5],
      ['.5', 0.5],
      ['1e3', 1000],
      [2, 2],
    ],
    refuses: ['abc', '', '0x10', Number.NaN, Number.POSITIVE_INFINITY, '1e999', true, null],
  },
  {
    type: 'string',
    field: string(),
    takes: [
      ['', ''],
      ['text', 'text'],
      [12, '12'],
      [true, 'true'],
      [5n, '5'],
    ],
    refuses: [null, undefined, {}, [], Number.NaN, tag, () => 'text'],
  },
  {
    type: 'boolean',
    field: boolean(),
    takes: [
      [true, true],
      [false, false],
      [0, false],
      [1, true],
    ],
    refuses: ['true', 'no', 2, null, undefined],
  },
  {
    type: 'flexibleBoolean',
    field: flexibleBoolean(),
    takes: [
      ['yes', true],
      ['On', true],
      ['1', true],
      ['FALSE', false],
      ['no', false],
      [true, true],
    ],
    refuses: ['maybe', '', null, 2],
  },
  {
    type: 'uuid',
    field: uuid(),
    takes: [
      ['155d900f-4e14-4e4c-a73d-069cbf4541e6', '155d900f-4e14-4e4c-a73d-069cbf4541e6'],
      ['155d900f4e144e4ca73d069cbf4541e6', '155d900f4e144e4ca73d069cbf4541e6'],
    ],
    refuses: ['', 'instance-00000001', '155d900f-4e14-4e4c-a73d-069cbf4541e', 155, null],
  },
  {
    type: 'dateTime',
    field: dateTime(),
    takes: [
      ['2026-11-21T01:41:58Z', new Date(Date.UTC(2026, 10, 21, 1, 41, 58))],
      ['2026-11-21T01:41:58', new Date(Date.UTC(2026, 10, 21, 1, 41, 58))],
      ['2011-01-01T01:02:03.000000', new Date(Date.UTC(2011, 0, 1, 1, 2, 3))],
      ['2026-11-21T03:41:58.250+02:00', new Date(Date.UTC(2026, 10, 21, 1, 41, 58, 250))],
      ['2026-11-21 01:41:58+0000', new Date(Date.UTC(2026, 10, 21, 1, 41, 58))],
    ],
    refuses: ['today', '2026-11-21', '2026-13-41T00:00:00Z', 1732153318, new Date(Number.NaN), null],
  },
  {
    type: 'oneOf',
    field: oneOf(['image', 'volume']),
    takes: [['image', 'image']],
    refuses: ['Image', 'tape', '', 1, null],
  },
  {
    type: 'ipAddress',
    field: ipAddress(),
    takes: [
      ['10.0.0.1', '10.0.0.1'],
      ['FE80::1', 'fe80::1'],
    ],
    refuses: ['10.0.0', 'x', 1],
  },
  {
    type: 'ipv4Address',
    field: ipv4Address(),
    takes: [['1.2.3.4', '1.2.3.4']],
    refuses: ['80fe::', '1.2.3.256', '1.2.3.4/24'],
  },
  { type: 'ipv6Address', field: ipv6Address(), takes: [['80fe::', '80fe::']], refuses: ['1.2.3.4', '80fe'] },
  {
    type: 'macAddress',
    field: macAddress(),
    takes: [
      ['FA:16:3E:00:00:01', 'fa:16:3e:00:00:01'],
      ['01-23-45-67-89-ab', '01:23:45:67:89:ab'],
    ],
    refuses: ['fa:16:3e:00:00', 'gg:16:3e:00:00:01', 1],
  },
  {
    type: 'resourceClass',
    field: resourceClass(),
    takes: [
      ['vcpu', 'VCPU'],
      ['CUSTOM_GPU', 'CUSTOM_GPU'],
    ],
    refuses: ['a b', '', 3],
  },
  {
    type: 'versionPredicate',
    field: versionPredicate(),
    takes: [
      ['>=2.6', '>=2.6'],
      ['>1.0,<2.0', '>1.0,<2.0'],
    ],
    refuses: ['2.6', '>=', ''],
  },
  {
    type: 'architecture',
    field: architecture(),
    takes: [
      ['x86_64', 'x86_64'],
      ['AMD64', 'x86_64'],
      ['i486', 'i686'],
    ],
    refuses: ['z80'],
  },
  {
    type: 'vifModel',
    field: vifModel(),
    takes: [
      ['e1000', 'e1000'],
      ['VirtualE1000', 'e1000'],
    ],
    refuses: ['ne1000'],
  },
  { type: 'scsiModel', field: scsiModel(), takes: [['paravirtual', 'vmpvscsi']], refuses: ['scsi'] },
  { type: 'osType', field: osType(), takes: [['Linux', 'linux']], refuses: ['plan9', 3] },
  {
    type: 'vmMode',
    field: vmMode(),
    takes: [
      ['HV', 'hvm'],
      ['pv', 'xen'],
    ],
    refuses: ['kvm'],
  },
  {
    type: 'powerStateWord',
    field: powerStateWord(),
    takes: [
      ['running', 'running'],
      [1, 'running'],
      [4, 'shutdown'],
    ],
    refuses: ['off', 9],
  },
  {
    type: 'dictOfStrings',
    field: dictOfStrings(),
    takes: [
      [{}, {}],
      [
        { a: 'b', n: 1 },
        { a: 'b', n: '1' },
      ],
    ],
    refuses: [null, [], 'a', new Map(), { a: null }, { a: {} }],
  },
  {
    type: 'dictOfNullableStrings',
    field: dictOfNullableStrings(),
    takes: [
      [
        { a: null, b: 'c' },
        { a: null, b: 'c' },
      ],
    ],
    refuses: [{ a: {} }],
  },
  {
    type: 'listOfIntegers',
    field: listOfIntegers(),
    takes: [
      [
        ['1', 2],
        [1, 2],
      ],
    ],
    refuses: [{}, 'a', ['a'], [null], new Set([1])],
  },
  {
    type: 'setOfStrings',
    field: setOfStrings(),
    takes: [
      [['a', 'a'], new Set(['a'])],
      [new Set(['b']), new Set(['b'])],
    ],
    refuses: ['a', [null]],
  },
  {
    type: 'object',
    field: object(Tag),
    takes: [[tag, tag]],
    refuses: [null, {}, new Flavor(), 'Tag', tag.toPrimitive()],
  },
  {
    type: 'listOfObjects',
    field: listOfObjects(Tag),
    takes: [[[tag], [tag]]],
    refuses: [tag, [new Flavor()], [null]],
  },
  {
    type: 'nullable',
    field: nullable(integer()),
    takes: [
      [null, null],
      [undefined, null],
      ['3', 3],
    ],
    refuses: ['abc'],
  },
  {
    type: 'withDefault',
    field: withDefault(integer(), 1),
    takes: [
      [null, 1],
      [2, 2],
    ],
    refuses: ['abc'],
  },
];

describe.each(cases)('a field of type $type', ({ field, takes, refuses }) => {
  it.each(takes)('accepts %o as %o', (given, becomes) => {
    expect(field.coerce(given, at)).toEqual(becomes);
  });

  it.each(refuses.map((value) => [value]))('refuses %o', (value) => {
    expect(() => field.coerce(value, at)).toThrow(FieldError);
  });

  it.each(takes)('reads its own primitive form of %o again', (given) => {
    const value = field.coerce(given, at);
    const primitive = JSON.parse(JSON.stringify(field.toPrimitive(value))) as JsonValue;
    expect(field.toPrimitive(field.fromPrimitive(primitive, at))).toEqual(field.toPrimitive(value));
  });
});

describe('a field error', () => {
  it('names object, field, and the expected and received values', () => {
    const error = catchError(() => new Flavor({ memory_mb: 'abc' as never }));
    expect(error).toMatchObject({
      code: 'FIELD_ERROR',
      object: 'Flavor',
      field: 'memory_mb',
      expected: 'an integer',
      got: 'abc',
      message: "Flavor.memory_mb: expected an integer, got 'abc' (string)",
    });
  });

  it('names the place inside a container', () => {
    expect(() => new Flavor({ extra_specs: { 'hw:cpu.policy': {} as never } })).toThrow(
      'Flavor.extra_specs[hw:cpu.policy]: expected a string, got an object',
    );
  });

  it('shows only the beginning of a long text', () => {
    const error = catchError(() => new Flavor({ vcpus: 'x'.repeat(5000) as never }));
    expect(error.message.length).toBeLessThan(200);
  });
});

describe('a date and time', () => {
  it('goes to the wire in whole seconds of UTC', () => {
    const value = dateTime().coerce('2026-11-21T03:41:58.987+02:00', at);
    expect(dateTime().toPrimitive(value)).toBe('2026-11-21T01:41:58Z');
  });

  it('is a copy of the one that was given', () => {
    const given = new Date(0);
    const value = dateTime().coerce(given, at);
    given.setTime(1000);
    expect(value.getTime()).toBe(0);
  });
});

it('a dictionary keeps a key called __proto__ as a key', () => {
  const value = dictOfStrings().fromPrimitive(JSON.parse('{"__proto__": "x"}') as JsonValue, at);
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect(JSON.stringify(dictOfStrings().toPrimitive(value))).toBe('{"__proto__":"x"}');
});

function catchError(run: () => unknown): FieldError {
  try {
    run();
  } catch (error) {
    if (error instanceof FieldError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
