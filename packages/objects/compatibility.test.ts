import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { describe, expect, it } from 'vitest';
import {
  FieldError,
  type Flavor,
  ImageMetaProps,
  IncompatibleObjectVersion,
  Instance,
  InvalidObjectPrimitive,
  objectFromPrimitive,
  objectVersions,
  Tag,
  UnsupportedObject,
} from './index.ts';

function primitive(name: string, version: string, data: JsonObject, changes?: string[]): JsonObject {
  return {
    'nova_object.name': name,
    'nova_object.namespace': 'nova',
    'nova_object.version': version,
    'nova_object.data': data,
    ...(changes ? { 'nova_object.changes': changes } : {}),
  };
}

describe('an object of a newer minor', () => {
  const newer = primitive('Flavor', '1.9', { vcpus: 1, colour: 'blue', shape: { round: true } }, [
    'colour',
    'vcpus',
  ]);

  it('is read', () => {
    expect((objectFromPrimitive(newer) as Flavor).vcpus).toBe(1);
  });

  it('goes out with the version and the unknown fields it came with', () => {
    expect(objectFromPrimitive(newer).toPrimitive()).toEqual(newer);
    expect(objectFromPrimitive(newer).clone().toPrimitive()).toEqual(newer);
  });

  it('keeps a value that our version of the field does not have', () => {
    const props = primitive('ImageMetaProps', '1.99', { hw_vif_model: 'hyperlink', hw_disk_bus: 'virtio' });
    const object = ImageMetaProps.fromPrimitive(props);
    expect(object.has('hw_vif_model')).toBe(false);
    expect(object.hw_disk_bus).toBe('virtio');
    expect(object.toPrimitive()).toEqual(props);
  });

  it('is read inside another', () => {
    const instance = Instance.fromPrimitive(primitive('Instance', '2.8', { flavor: newer, mood: 'good' }));
    expect(instance.flavor.vcpus).toBe(1);
    expect(instance.toPrimitive()).toEqual(
      primitive('Instance', '2.8', { flavor: newer, mood: 'good' }, ['flavor']),
    );
  });
});

it('an object of an older minor goes out with the version it came with', () => {
  const older = primitive('Flavor', '1.1', { vcpus: 1 });
  expect(objectFromPrimitive(older).toPrimitive()).toEqual(older);
});

it('the third part of a version does not matter', () => {
  expect(Tag.fromPrimitive(primitive('Tag', '1.1.3', { tag: 'a' })).tag).toBe('a');
});

it('an equal version does not hide a wrong value', () => {
  expect(() => objectFromPrimitive(primitive('Flavor', '1.2', { vcpus: 'many' }))).toThrow(FieldError);
});

it.each(['2.0', '0.9'])('an object of another major, %s, is refused with both versions named', (version) => {
  const run = () => objectFromPrimitive(primitive('Flavor', version, {}));
  expect(run).toThrow(IncompatibleObjectVersion);
  expect(run).toThrow(`Version ${version} of Flavor is not supported, supported version is 1.2`);
  expect(run).toThrow(expect.objectContaining({ objname: 'Flavor', objver: version, supported: '1.2' }));
});

it('an object of an unknown name is refused by name', () => {
  expect(() => objectFromPrimitive(primitive('Spaceship', '1.0', {}))).toThrow(UnsupportedObject);
  expect(() => objectFromPrimitive(primitive('Spaceship', '1.0', {}))).toThrow('Spaceship');
  expect(() => objectFromPrimitive(primitive('constructor', '1.0', {}))).toThrow(UnsupportedObject);
});

it("another project's object is refused", () => {
  const foreign = { ...primitive('Flavor', '1.2', {}), 'nova_object.namespace': 'cinder' };
  expect(() => objectFromPrimitive(foreign)).toThrow('Unsupported object type cinder.Flavor');
});

it('an object of a class other than the expected one is refused', () => {
  expect(() => Instance.fromPrimitive(primitive('Flavor', '1.2', {}))).toThrow(UnsupportedObject);
  expect(() =>
    Instance.fromPrimitive(primitive('Instance', '2.7', { flavor: primitive('Tag', '1.1', {}) })),
  ).toThrow('Instance.flavor: expected Flavor');
});

describe('what is no object in primitive form', () => {
  const good = primitive('Flavor', '1.2', {});
  const broken: [what: string, value: JsonValue][] = [
    ['null', null],
    ['text', 'Flavor'],
    ['an array', [good]],
    ['an empty object', {}],
    ['one without a name', { ...good, 'nova_object.name': 3 }],
    ['one without a namespace', { ...good, 'nova_object.namespace': null }],
    ['one without a version', { ...good, 'nova_object.version': undefined }],
    ['one with a strange version', { ...good, 'nova_object.version': 'one' }],
    ['one without data', { ...good, 'nova_object.data': null }],
    ['one with strange changes', { ...good, 'nova_object.changes': [1] }],
  ];

  it.each(broken)('is refused: %s', (_what, value) => {
    expect(() => objectFromPrimitive(value)).toThrow(InvalidObjectPrimitive);
  });
});

it('names the version of each class once', () => {
  const versions = objectVersions();
  expect(versions).toMatchObject({
    Instance: '2.7',
    RequestSpec: '1.14',
    ComputeNode: '1.19',
    InstanceFault: '1.2',
  });
});
