import type { JsonObject } from '@mini-nova/messaging';
import { describe, expect, it } from 'vitest';
import { Flavor, NovaObjectSerializer, Tag, TagList, UnsupportedObject } from './index.ts';

const serializer = new NovaObjectSerializer();
const ctxt = {};
const tags = TagList.hydrate({ objects: [Tag.hydrate({ tag: 'a' })] });

describe('serializing', () => {
  it('brings objects to primitive form at any depth', () => {
    const entity = { spec: { nested: [tags, [new Tag({ tag: 'b' })]] } };
    expect(serializer.serializeEntity(ctxt, entity)).toEqual({
      spec: { nested: [tags.toPrimitive(), [new Tag({ tag: 'b' }).toPrimitive()]] },
    });
  });

  it('leaves plain values as they are', () => {
    const entity = { text: 'a', number: 1.5, yes: true, nothing: null, list: [1, [2]], dict: {} };
    expect(serializer.serializeEntity(ctxt, entity)).toEqual(entity);
  });

  it('changes neither the entity nor its objects', () => {
    const entity = { tags };
    serializer.serializeEntity(ctxt, entity);
    expect(entity.tags).toBe(tags);
    expect(tags.changes()).toEqual([]);
  });

  it('writes dates as Python peers do', () => {
    const date = new Date(Date.UTC(2011, 0, 1, 1, 2, 3, 4));
    expect(serializer.serializeEntity(ctxt, { at: [date] })).toEqual({ at: ['2011-01-01T01:02:03.004000'] });
  });

  it('leaves other values to the inner serializer', () => {
    expect(serializer.serializeEntity(ctxt, { a: new Set([1]), b: 7n })).toEqual({ a: [1], b: 7 });
    expect(() => serializer.serializeEntity(ctxt, { a: [{ b: () => 1 }] })).toThrow('value.a[0].b');
  });

  it('refuses a value that contains itself', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    expect(() => serializer.serializeEntity(ctxt, cycle)).toThrow(TypeError);
  });
});

describe('deserializing', () => {
  it('makes objects at any depth', () => {
    const entity = { a: [tags, { b: Flavor.hydrate({ vcpus: 2 }) }], c: 'plain' };
    expect(serializer.deserializeEntity(ctxt, serializer.serializeEntity(ctxt, entity))).toEqual(entity);
  });

  it('refuses an unknown object, however deep', () => {
    const json = JSON.parse(JSON.stringify({ a: [tags] }).replace('"TagList"', '"Fleet"')) as JsonObject;
    expect(() => serializer.deserializeEntity(ctxt, json)).toThrow(UnsupportedObject);
  });

  it('treats a key called __proto__ as a mere key', () => {
    const entity = serializer.deserializeEntity(
      ctxt,
      JSON.parse('{"__proto__": {"evil": true}}') as JsonObject,
    );
    expect(Object.keys(entity as object)).toEqual(['__proto__']);
    expect((entity as { evil?: boolean }).evil).toBeUndefined();
  });
});

it('passes contexts to the inner serializer', () => {
  const inner = {
    serializeEntity: () => null,
    deserializeEntity: () => null,
    serializeContext: () => ({ user_id: 'admin' }),
    deserializeContext: (json: JsonObject) => ({ from: json }),
  };
  const wrapped = new NovaObjectSerializer(inner);
  expect(wrapped.serializeContext(ctxt)).toEqual({ user_id: 'admin' });
  expect(wrapped.deserializeContext({ a: 1 })).toEqual({ from: { a: 1 } });
});
