import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { expect, it } from 'vitest';
import { NodeIdentityUnusable, StoredNodeIdentities } from './node-identities.ts';

const UUID = '4b1fda2d-28b2-4b3c-9f0b-0a6b1d1a2f5e';

it('keeps the uuid of each node across restarts, in a folder that it creates', () => {
  const folder = join(tempDir(), 'nova');
  const identities = new StoredNodeIdentities(folder);
  expect(identities.read('host1')).toBeUndefined();

  identities.write('host1', UUID);

  const next = new StoredNodeIdentities(folder);
  expect([next.read('host1'), next.read('host2')]).toEqual([UUID, undefined]);
  expect(readFileSync(join(folder, 'compute_id.host1'), 'utf8')).toBe(`${UUID}\n`);
});

it('keeps the uuids of nodes with any name', () => {
  const folder = tempDir();
  const names = ['h'.repeat(240), `${'h'.repeat(239)}i`, '\u00e9'.repeat(120), 'a/b', '..'];
  const uuids = names.map((_name, index) => UUID.replace(/^./, String(index)));
  const identities = new StoredNodeIdentities(folder);
  for (const [index, name] of names.entries()) identities.write(name, uuids[index] ?? '');

  const next = new StoredNodeIdentities(folder);
  expect(names.map((name) => next.read(name))).toEqual(uuids);
});

it('refuses a file that does not hold a uuid', () => {
  const folder = tempDir();
  writeFileSync(join(folder, 'compute_id.host1'), '');

  expect(() => new StoredNodeIdentities(folder).read('host1')).toThrow(NodeIdentityUnusable);
});

it('still knows, in this process, a uuid that it could not write', () => {
  const file = join(tempDir(), 'file');
  writeFileSync(file, '');
  const identities = new StoredNodeIdentities(join(file, 'no-folder'));

  expect(() => identities.write('host1', UUID)).toThrow('ENOTDIR');
  expect(identities.read('host1')).toBe(UUID);
});
