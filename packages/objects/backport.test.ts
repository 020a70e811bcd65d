import { expect, it } from 'vitest';
import { backport } from './backport.ts';
import { IncompatibleObjectVersion } from './errors.ts';
import { Flavor } from './objects/flavor.ts';
import { Instance, InstanceList } from './objects/instance.ts';
import { KeyPairList } from './objects/key-pair.ts';
import { objectFromPrimitive, objectVersions } from './registry.ts';

const flavor = Flavor.hydrate({ id: 1, name: 'm1.tiny', flavorid: '1', description: 'small' });

function listOf(): InstanceList {
  const instance = new Instance({
    uuid: 'e1b9a8a8-5c7f-4d2b-8f6e-0f1d3c1b2a3c',
    hidden: false,
    resources: null,
    keypairs: new KeyPairList(),
    metadata: { description: 'stays' },
    flavor,
  });
  return new InstanceList({ objects: [instance] });
}

const versions = (asked: Record<string, string>) => ({ ...objectVersions(), ...asked });

it('leaves out the fields that a peer does not know yet, even in nested objects', () => {
  const primitive = backport(listOf().toPrimitive(), versions({ Instance: '2.5', Flavor: '1.1' }));

  const { objects } = primitive['nova_object.data'] as { objects: Record<string, unknown>[] };
  const [instance] = objects;
  expect(instance).toMatchObject({
    'nova_object.version': '2.5',
    'nova_object.data': { metadata: { description: 'stays' } },
  });
  const data = instance?.['nova_object.data'] as Record<string, { [key: string]: unknown }>;
  expect(Object.keys(data).sort()).toEqual(['flavor', 'keypairs', 'metadata', 'uuid']);
  expect(data.flavor).toMatchObject({ 'nova_object.version': '1.1' });
  expect(data.flavor?.['nova_object.data']).not.toHaveProperty('description');
  expect(instance?.['nova_object.changes']).toEqual(['flavor', 'keypairs', 'metadata', 'uuid']);
  expect(() => objectFromPrimitive(primitive)).not.toThrow();
});

it('leaves an object as it is for a peer that knows our version, a newer minor, or does not say', () => {
  const primitive = listOf().toPrimitive();
  expect(backport(primitive, objectVersions())).toEqual(primitive);
  expect(backport(primitive, versions({ Instance: '2.99' }))).toEqual(primitive);
  expect(backport(primitive, {})).toEqual(primitive);
});

it('refuses a peer of another major', () => {
  expect(() => backport(listOf().toPrimitive(), versions({ Instance: '1.9' }))).toThrow(
    IncompatibleObjectVersion,
  );
});
