import { describe, expect, it } from 'vitest';
import { FieldError, FieldNotSet, UnknownField } from './errors.ts';
import { integer } from './fields/scalars.ts';
import { Diagnostics } from './objects/diagnostics.ts';
import { Flavor } from './objects/flavor.ts';
import { Instance, InstanceList } from './objects/instance.ts';
import { InstanceFault } from './objects/instance-fault.ts';
import { InstancePCIRequest, InstancePCIRequests } from './objects/instance-pci-requests.ts';
import { Tag, TagList } from './objects/tag.ts';
import { versionedObject } from './versioned-object.ts';

const uuid = '155d900f-4e14-4e4c-a73d-069cbf4541e6';

describe('fields', () => {
  it('are properties', () => {
    const instance = new Instance({ uuid });
    instance.host = 'host1';
    expect([instance.uuid, instance.host]).toEqual([uuid, 'host1']);
  });

  it('that are not set cannot be read', () => {
    const instance = new Instance({ uuid });
    expect(instance.has('host')).toBe(false);
    expect(() => instance.host).toThrow(FieldNotSet);
    expect(() => instance.host).toThrow('Instance.host is not set');
  });

  it('that are null are set', () => {
    const instance = new Instance({ host: null });
    expect(instance.has('host')).toBe(true);
    expect(instance.host).toBeNull();
  });

  it('keep their value when a wrong one is refused', () => {
    const instance = Instance.hydrate({ memory_mb: 512 });
    expect(() => instance.set('memory_mb', 'abc')).toThrow(FieldError);
    expect(instance.memory_mb).toBe(512);
    expect(instance.changes()).toEqual([]);
  });

  it('of other names do not exist', () => {
    expect(() => new Tag().set('colour', 'blue')).toThrow(UnknownField);
    expect(() => new Tag().get('constructor')).toThrow(UnknownField);
    expect(() => new Tag({ colour: 'blue' } as never)).toThrow('Tag has no field colour');
  });

  it('left undefined are not set', () => {
    expect(new Tag({ tag: undefined as never }).has('tag')).toBe(false);
  });

  it('with a default get it on request, when they have no value', () => {
    const fault = new InstanceFault({ message: null });
    fault.setDefaults();
    expect(fault.values()).toEqual({ message: null, deleted: false });
    expect(fault.changes()).toEqual(['deleted', 'message']);
  });

  it('with an object as default each get their own', () => {
    const [one, other] = [new Diagnostics(), new Diagnostics()];
    one.setDefaults('memory_details');
    other.setDefaults('memory_details');
    expect(one.memory_details).not.toBe(other.memory_details);
  });

  it('cannot have a name the base class uses', () => {
    expect(() => versionedObject('Bad', '1.0', { changes: integer() })).toThrow(TypeError);
  });
});

describe('changes', () => {
  it('are what the constructor and assignments set, sorted', () => {
    const instance = new Instance({ uuid, vm_state: 'building' });
    instance.host = 'host1';
    expect(instance.changes()).toEqual(['host', 'uuid', 'vm_state']);
    expect(instance.changedValues()).toEqual({ host: 'host1', uuid, vm_state: 'building' });
  });

  it('are empty in an object from storage', () => {
    const flavor = new Flavor({ vcpus: 1 });
    const instance = Instance.hydrate({ uuid, metadata: { a: 'b' }, flavor });
    expect(instance.changes()).toEqual([]);
    expect(instance.toPrimitive()).not.toHaveProperty(['nova_object.changes']);
  });

  it('are empty when a field is set to the value it has', () => {
    const launched = new Date();
    const instance = Instance.hydrate({ host: 'host1', launched_at: launched, metadata: { a: 'b' } });
    instance.host = 'host1';
    instance.launched_at = new Date(launched);
    instance.metadata = { a: 'b' };
    expect(instance.changes()).toEqual([]);
  });

  it('can be declared', () => {
    const instance = Instance.hydrate({ host: 'host1' });
    instance.markChanged('host', 'node');
    expect(instance.changes()).toEqual(['host', 'node']);
    expect(instance.changedValues()).toEqual({ host: 'host1' });
    expect(() => instance.markChanged('nope')).toThrow(UnknownField);
  });

  it('include dictionaries and arrays changed in place', () => {
    const instance = Instance.hydrate({ metadata: { a: 'b' }, system_metadata: {} });
    instance.metadata.a = 'c';
    expect(instance.changes()).toEqual(['metadata']);
    instance.resetChanges();
    expect(instance.changes()).toEqual([]);
  });

  it('include values changed in place after they were read, whenever that was', () => {
    const instance = Instance.hydrate({ uuid, metadata: { a: '1' }, system_metadata: { a: '1' } });
    const { metadata, system_metadata } = instance.values();
    instance.resetChanges();
    Object.assign(metadata ?? {}, { b: '2' });
    expect(instance.changes()).toEqual(['metadata']);
    instance.resetChanges();
    Object.assign(metadata ?? {}, { c: '3' });
    Object.assign(system_metadata ?? {}, { d: '4' });
    expect(instance.changes()).toEqual(['metadata', 'system_metadata']);
  });

  it('do not include changes of a value that was read and then replaced', () => {
    const instance = Instance.hydrate({ uuid, metadata: { a: '1' } });
    const { metadata } = instance;
    instance.metadata = { b: '2' };
    instance.resetChanges();
    metadata.c = '3';
    expect(instance.changes()).toEqual([]);
    expect(instance.metadata).toEqual({ b: '2' });
  });

  it('include changes of nested objects, at any depth', () => {
    const instance = Instance.hydrate({ tags: TagList.hydrate({ objects: [Tag.hydrate({ tag: 'a' })] }) });
    const [tag] = instance.tags.objects;
    if (tag) tag.tag = 'b';
    expect(instance.changes()).toEqual(['tags']);
    instance.resetChanges();
    expect([instance.changes(), tag?.changes()]).toEqual([[], []]);
  });

  it('of a plain list field are those of the list, as in Nova', () => {
    const request = InstancePCIRequest.hydrate({ count: 1 });
    const requests = InstancePCIRequests.hydrate({ requests: [request] });
    request.count = 2;
    expect(requests.changes()).toEqual([]);
    requests.requests.push(new InstancePCIRequest());
    expect(requests.changes()).toEqual(['requests']);
  });
});

describe('a copy', () => {
  it('has the values, changes and wire version of the original', () => {
    const instance = new Instance({
      uuid,
      launched_at: new Date(1_234),
      flavor: Flavor.hydrate({ vcpus: 1 }),
    });
    expect(instance.clone()).toEqual(instance);
    expect(instance.clone().launched_at?.getTime()).toBe(1_234);
  });

  it('shares nothing with the original', () => {
    const instance = Instance.hydrate({ metadata: { a: 'b' }, flavor: Flavor.hydrate({ vcpus: 1 }) });
    const copy = instance.clone();
    copy.metadata.a = 'c';
    copy.flavor.vcpus = 2;
    expect([instance.metadata, instance.flavor.vcpus, instance.changes()]).toEqual([{ a: 'b' }, 1, []]);
    expect(copy.changes()).toEqual(['flavor', 'metadata']);
  });
});

describe('a list', () => {
  it('is empty and unchanged at first', () => {
    const list = new InstanceList();
    expect([list.objects, list.length, list.changes()]).toEqual([[], 0, []]);
  });

  it('can be iterated', () => {
    const list = new TagList({ objects: [new Tag({ tag: 'a' }), new Tag({ tag: 'b' })] });
    expect([...list].map(({ tag }) => tag)).toEqual(['a', 'b']);
  });

  it('changes with its elements', () => {
    const list = TagList.hydrate({ objects: [Tag.hydrate({ tag: 'a' })] });
    expect(list.changes()).toEqual([]);
    for (const tag of list) tag.tag = 'b';
    expect(list.changes()).toEqual(['objects']);
  });
});

it('two objects are equal by their values, even if one was looked at', () => {
  const [one, other] = [new Instance({ metadata: { a: '1' } }), new Instance({ metadata: { a: '1' } })];
  expect(one.metadata).toEqual({ a: '1' });
  expect(one).toEqual(other);
});

it('two objects with different values are not equal', () => {
  expect(new Tag({ tag: 'a' })).not.toEqual(new Tag({ tag: 'b' }));
  expect(new Tag({ tag: 'a' })).toEqual(new Tag({ tag: 'a' }));
});

describe('a copy with changes for one save', () => {
  const stored = () => Instance.hydrate({ uuid, host: null, vm_state: 'building', metadata: { a: '1' } });

  it('has the changes, but the object does not', () => {
    const instance = stored();
    const copy = instance.withChanges({ host: 'host1', metadata: { a: '2' } });
    expect(copy.changedValues()).toEqual({ host: 'host1', metadata: { a: '2' } });
    expect(instance.values()).toEqual({ uuid, host: null, vm_state: 'building', metadata: { a: '1' } });
    expect(instance.changes()).toEqual([]);
  });

  it('counts exactly the named fields as changed, even those with the value they had', () => {
    const instance = stored();
    instance.vm_state = 'active';
    instance.metadata.b = 'set aside';
    expect(instance.withChanges({ host: null, node: undefined }).changes()).toEqual(['host']);
    expect(instance.changes()).toEqual(['metadata', 'vm_state']);
  });

  it('does not carry changes within nested objects, which stay with the object', () => {
    const instance = Instance.hydrate({ uuid, flavor: Flavor.hydrate({ name: 'm1.tiny' }) });
    if (instance.flavor) instance.flavor.name = 'm1.huge';
    const { flavor } = instance.withChanges({ host: 'host1' });
    expect(flavor?.changes()).toEqual([]);
    expect(instance.flavor?.changes()).toEqual(['name']);
  });
});
