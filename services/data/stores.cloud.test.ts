import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStores } from '@mini-nova/services-testing/store-behaviour';
import { afterAll } from 'vitest';

const directories: string[] = [];

afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true });
});

describeStores('stores on SQLite in memory', { create: async () => 'sqlite://', shared: false });

describeStores('stores on a SQLite file', {
  create: async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mini-nova-stores-'));
    directories.push(directory);
    return `sqlite:///${join(directory, 'nova.sqlite')}`;
  },
  shared: true,
});
