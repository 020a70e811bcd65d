import { Flavor, NovaObjectSerializer, Tag, TagList } from '@mini-nova/objects';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { expect, it } from 'vitest';
import { applyUpdates, contentsOf, updatesSince } from './conductor-api.ts';

it('carries what a method changed to the copy of the caller', () => {
  const mine = newInstance();
  const theirs = mine.clone();
  const before = theirs.clone();
  theirs.vm_state = 'active';
  theirs.launched_at = new Date('2026-01-31T12:00:00Z');
  theirs.flavor = Flavor.hydrate({ name: 'm1.small', vcpus: 2 });
  theirs.resetChanges();

  const updates = updatesSince(contentsOf(before), theirs);
  expect(Object.keys(updates).sort()).toEqual(['flavor', 'launched_at', 'obj_what_changed', 'vm_state']);
  applyUpdates(mine, updates);

  expect(mine).toMatchObject({ vm_state: 'active', launched_at: theirs.launched_at });
  expect(mine.flavor.vcpus).toBe(2);
  expect(mine.changes()).toEqual([]);
});

it('takes objects that the serializer has already made', () => {
  const mine = newInstance();
  const theirs = mine.clone();
  theirs.flavor = Flavor.hydrate({ name: 'm1.small', vcpus: 2 });
  const wire = updatesSince(contentsOf(mine), theirs);

  applyUpdates(mine, new NovaObjectSerializer().deserializeEntity({}, wire) as typeof wire);

  expect(mine.flavor.name).toBe('m1.small');
});

it('takes lists of objects that the serializer has already made', () => {
  const mine = new TagList();
  const theirs = new TagList({ objects: [Tag.hydrate({ tag: 'one' }), Tag.hydrate({ tag: 'two' })] });
  const wire = updatesSince(contentsOf(mine), theirs);

  applyUpdates(mine, new NovaObjectSerializer().deserializeEntity({}, wire) as typeof wire);

  expect([...mine].map(({ tag }) => tag)).toEqual(['one', 'two']);
});

it('keeps what the method left unsaved as changed', () => {
  const mine = Tag.hydrate({ tag: 'old' });
  const theirs = mine.clone();
  theirs.tag = 'new';

  applyUpdates(mine, updatesSince(contentsOf(mine), theirs));

  expect(mine.tag).toBe('new');
  expect(mine.changes()).toEqual(['tag']);
});

it('ignores fields of a newer version of the object', () => {
  const mine = newInstance();

  applyUpdates(mine, { invented_later: 1, vm_state: 'active' });

  expect(mine.vm_state).toBe('active');
});
