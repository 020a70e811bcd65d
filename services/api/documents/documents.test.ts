import type { Static } from 'typebox';
import { expect, expectTypeOf, test } from 'vitest';
import type { ApiDependencies } from '../dependencies.ts';
import { array, integer, object, text, textOrNull, word } from './schema.ts';
import type { CreateServerBody, ServerDocument } from './server.ts';
import type { YesOrNo } from './values.ts';

test('an object requires what is not optional, and its type does as well', () => {
  const Thing = object({ id: integer, name: textOrNull, tags: array(text) }, { optional: ['tags'] });
  expect(Thing).toEqual({
    type: 'object',
    required: ['id', 'name'],
    properties: {
      id: { type: 'integer' },
      name: { type: ['string', 'null'] },
      tags: { type: 'array', items: { type: 'string' } },
    },
    additionalProperties: false,
  });
  expectTypeOf<Static<typeof Thing>>().toEqualTypeOf<{ id: number; name: string | null; tags?: string[] }>();
});

test('the types of words and nested objects are read from their schemas', () => {
  const Thing = object({ state: word('up', 'down'), service: object({ host: text }) });
  expectTypeOf<Static<typeof Thing>>().toEqualTypeOf<{ state: 'up' | 'down'; service: { host: string } }>();
});

test('bodies and documents have the types of their schemas', () => {
  type Server = CreateServerBody['server'];
  expectTypeOf<Server['name']>().toEqualTypeOf<string>();
  expectTypeOf<Server['flavorRef']>().toEqualTypeOf<string | number>();
  expectTypeOf<Server['min_count']>().toEqualTypeOf<string | number | undefined>();
  expectTypeOf<Server['metadata']>().toEqualTypeOf<Record<string, string> | undefined>();
  expectTypeOf<Server['return_reservation_id']>().toEqualTypeOf<YesOrNo | undefined>();
  expectTypeOf<ServerDocument['OS-EXT-STS:power_state']>().toEqualTypeOf<number | null>();
  expectTypeOf<ServerDocument['progress']>().toEqualTypeOf<number | undefined>();
  expectTypeOf<ServerDocument['addresses'][string][number]['version']>().toEqualTypeOf<4>();
});

test('what a route works with has no stores, and no database', () => {
  type Stores = 'db' | 'stores' | 'storesFor' | 'instances' | 'services' | 'computeNodes' | 'flavors';
  expectTypeOf<Extract<keyof ApiDependencies, Stores>>().toEqualTypeOf<never>();
});
