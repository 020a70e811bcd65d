import { expect, test } from 'vitest';
import { mainFailure, type SchemaFailure, validationMessage } from './validation-message.ts';

const table: [title: string, failure: SchemaFailure, message: string][] = [
  [
    'a number below its minimum',
    { instancePath: '/server/min_count', keyword: 'minimum', params: { limit: 1 } },
    'Invalid input for field/attribute min_count. It is less than the minimum of 1',
  ],
  [
    'an empty text',
    { instancePath: '/server/name', keyword: 'minLength', params: { limit: 1 } },
    'Invalid input for field/attribute name. It is too short',
  ],
  [
    'a missing field of the body',
    { instancePath: '', keyword: 'required', params: { missingProperty: 'server' } },
    "'server' is a required property",
  ],
  [
    'a missing field of an object',
    { instancePath: '/server', keyword: 'required', params: { missingProperty: 'name' } },
    "Invalid input for field/attribute server. 'name' is a required property",
  ],
  [
    'an unknown field',
    {
      instancePath: '/server',
      keyword: 'additionalProperties',
      params: { additionalProperty: 'x' },
    },
    "Invalid input for field/attribute server. Additional properties are not allowed ('x' was unexpected)",
  ],
  [
    'a wrong type',
    { instancePath: '/a/b', keyword: 'type', params: { type: ['integer', 'string'] } },
    "Invalid input for field/attribute b. It is not of type 'integer', 'string'",
  ],
  [
    'an element of a list, named with its list',
    { instancePath: '/server/networks/0', keyword: 'type', params: { type: 'object' } },
    "Invalid input for field/attribute networks/0. It is not of type 'object'",
  ],
  [
    'a value that is not among the allowed ones',
    {
      instancePath: '/reboot/type',
      keyword: 'enum',
      params: { allowedValues: ['SOFT', 'HARD'] },
    },
    'Invalid input for field/attribute type. It is not one of ["SOFT","HARD"]',
  ],
  [
    'a name with a slash in it',
    { instancePath: '/metadata/a~1b', keyword: 'type', params: { type: 'string' } },
    "Invalid input for field/attribute a/b. It is not of type 'string'",
  ],
  [
    'a name that is not allowed',
    { instancePath: '/metadata', keyword: 'propertyNames', params: { propertyName: 'a/b' } },
    "Invalid input for field/attribute metadata. 'a/b' is not allowed as a name",
  ],
  [
    'a body of a wrong type',
    { instancePath: '', keyword: 'type', params: { type: 'object' } },
    "The request body is not of type 'object'",
  ],
];

test.each(table)('says what is wrong with %s', (_title, failure, message) => {
  expect(validationMessage(failure)).toBe(message);
});

test('cuts a long name', () => {
  const message = validationMessage({
    instancePath: `/server/${'x'.repeat(10_000)}`,
    keyword: 'additionalProperties',
    params: { additionalProperty: 'y'.repeat(10_000) },
  });
  expect(message.length).toBeLessThan(600);
});

test('of alternatives, tells what is wrong deepest inside', () => {
  const text = { instancePath: '/networks', keyword: 'type', params: { type: 'string' } };
  const inside = { instancePath: '/networks/0/uuid', keyword: 'format', params: { format: 'uuid' } };
  const none = { instancePath: '/networks', keyword: 'anyOf', params: {} };
  expect(mainFailure([text, inside, none])).toBe(inside);
  expect(mainFailure([text, none])).toBe(none);
});
