import { expect, test } from 'vitest';
import { mainFailure, type SchemaFailure, validationMessage } from './validation-message.ts';

const table: [title: string, failure: SchemaFailure, message: string][] = [
  [
    'a number below its minimum',
    { instancePath: '/server/min_count', keyword: 'minimum', params: { limit: 1 }, data: 0 },
    'Invalid input for field/attribute min_count. Value: 0. 0 is less than the minimum of 1',
  ],
  [
    'an empty text',
    { instancePath: '/server/name', keyword: 'minLength', params: { limit: 1 }, data: '' },
    "Invalid input for field/attribute name. Value: . '' is too short",
  ],
  [
    'a missing field of the body',
    { instancePath: '', keyword: 'required', params: { missingProperty: 'server' }, data: {} },
    "'server' is a required property",
  ],
  [
    'a missing field of an object',
    { instancePath: '/server', keyword: 'required', params: { missingProperty: 'name' }, data: {} },
    "Invalid input for field/attribute server. Value: {}. 'name' is a required property",
  ],
  [
    'an unknown field',
    {
      instancePath: '/server',
      keyword: 'additionalProperties',
      params: { additionalProperty: 'x' },
      data: {},
    },
    "Invalid input for field/attribute server. Value: {}. Additional properties are not allowed ('x' was unexpected)",
  ],
  [
    'a wrong type',
    { instancePath: '/a/b', keyword: 'type', params: { type: ['integer', 'string'] }, data: true },
    "Invalid input for field/attribute b. Value: true. true is not of type 'integer', 'string'",
  ],
  [
    'an element of a list, named with its list',
    { instancePath: '/server/networks/0', keyword: 'type', params: { type: 'object' }, data: 'x' },
    "Invalid input for field/attribute networks/0. Value: x. 'x' is not of type 'object'",
  ],
  [
    'a value that is not among the allowed ones',
    {
      instancePath: '/reboot/type',
      keyword: 'enum',
      params: { allowedValues: ['SOFT', 'HARD'] },
      data: 'SLOW',
    },
    'Invalid input for field/attribute type. Value: SLOW. \'SLOW\' is not one of ["SOFT","HARD"]',
  ],
  [
    'a name with a slash in it',
    { instancePath: '/metadata/a~1b', keyword: 'type', params: { type: 'string' }, data: 1 },
    "Invalid input for field/attribute a/b. Value: 1. 1 is not of type 'string'",
  ],
  [
    'a name that is not allowed',
    { instancePath: '/metadata', keyword: 'propertyNames', params: { propertyName: 'a/b' }, data: {} },
    "Invalid input for field/attribute metadata. Value: {}. 'a/b' is not allowed as a name",
  ],
  [
    'a filter that is not there',
    { instancePath: '/sort_key', keyword: 'not', params: {}, data: 'x' },
    'Invalid input for field/attribute sort_key. Value: x. It is not supported',
  ],
];

test.each(table)('says what is wrong with %s', (_title, failure, message) => {
  expect(validationMessage(failure)).toBe(message);
});

test('cuts a long value', () => {
  const message = validationMessage({
    instancePath: '/server/name',
    keyword: 'maxLength',
    params: { limit: 255 },
    data: 'x'.repeat(10_000),
  });
  expect(message.length).toBeLessThan(600);
  expect(message).toContain('is too long');
});

test('of alternatives, tells what is wrong deepest inside', () => {
  const text = { instancePath: '/networks', keyword: 'type', params: { type: 'string' } };
  const inside = { instancePath: '/networks/0/uuid', keyword: 'format', params: { format: 'uuid' } };
  const none = { instancePath: '/networks', keyword: 'anyOf', params: {} };
  expect(mainFailure([text, inside, none])).toBe(inside);
  expect(mainFailure([text, none])).toBe(none);
});
