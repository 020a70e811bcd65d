import { readFileSync } from 'node:fs';
import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { describe, expect, it } from 'vitest';
import {
  isObjectPrimitive,
  NovaObject,
  NovaObjectSerializer,
  objectFromPrimitive,
  objectVersions,
} from './index.ts';
import { headerOf } from './primitive.ts';

interface Entry {
  topic: string;
  kind: string;
  method: string;
  args: JsonObject;
  reply?: JsonValue;
}

const recorded = new URL('./testdata/nova-26-rpc.json', import.meta.url);
const entries = JSON.parse(readFileSync(recorded, 'utf8')) as Entry[];

/** Every object in a value, nested ones included. */
function objectsIn(value: JsonValue | undefined): JsonObject[] {
  if (typeof value !== 'object' || value === null) return [];
  const inner = Object.values(value).flatMap((item) => objectsIn(item));
  return isObjectPrimitive(value as JsonObject) ? [value as JsonObject, ...inner] : inner;
}

const recordedObjects = objectsIn(entries.map(({ args, reply }) => [args, reply ?? null]));

describe('each object recorded from Nova 26', () => {
  for (const [index, entry] of entries.entries()) {
    it(`in ${entry.kind} ${index} to ${entry.topic}, ${entry.method}: reads and is written again the same`, () => {
      for (const primitive of objectsIn([entry.args, entry.reply ?? null])) {
        const object = objectFromPrimitive(primitive);
        expect(object).toBeInstanceOf(NovaObject);
        expect(JSON.stringify(object.toPrimitive())).toBe(JSON.stringify(primitive));
        expect(JSON.stringify(object.clone().toPrimitive())).toBe(JSON.stringify(primitive));
      }
    });
  }

  it('has the version of our class', () => {
    expect(recordedObjects.length).toBeGreaterThan(300);
    const versions = objectVersions();
    for (const primitive of recordedObjects) {
      const { name, version } = headerOf(primitive);
      expect(`${name} ${versions[name]}`).toBe(`${name} ${version}`);
    }
  });

  it('has only fields of our class', () => {
    for (const primitive of recordedObjects) {
      const { name, data } = headerOf(primitive);
      const known = Object.keys(objectFromPrimitive(primitive).definition.fields);
      expect([name, Object.keys(data).filter((field) => !known.includes(field))]).toEqual([name, []]);
    }
  });
});

it('all recorded arguments and replies pass the serializer both ways unchanged', () => {
  const serializer = new NovaObjectSerializer();
  for (const { args, reply } of entries) {
    const json = { args, reply: reply ?? null };
    const entity = serializer.deserializeEntity({}, json);
    expect(objectsIn(json).length > 0).toBe(JSON.stringify(json) !== JSON.stringify(entityShape(entity)));
    expect(JSON.stringify(serializer.serializeEntity({}, entity))).toBe(JSON.stringify(json));
  }
});

/** The entity with each object replaced by its class's name. */
function entityShape(entity: unknown): unknown {
  if (entity instanceof NovaObject) return entity.definition.name;
  if (Array.isArray(entity)) return entity.map(entityShape);
  if (typeof entity !== 'object' || entity === null) return entity;
  return Object.fromEntries(Object.entries(entity).map(([key, value]) => [key, entityShape(value)]));
}
