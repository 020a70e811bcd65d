import { loadConfig } from '@mini-nova/config';
import { describe, expect, test } from 'vitest';
import { refusalOf } from '../../../packages/config/test/refusal.ts';
import { imageOptions } from './options.ts';

const load = (overrides: Record<string, unknown>) =>
  loadConfig({ schema: imageOptions, configFiles: [], env: {}, overrides });

describe('images', () => {
  const id = '70a599e0-31e7-49b7-b260-868f441e862b';

  test('are a JSON list; what is left out has a default', () => {
    const text = `[\n  {"id": "${id}", "name": "debian",\n   "min_disk": 2}]`;
    expect(load({ 'image.images': text }).image.images).toEqual([
      {
        id,
        name: 'debian',
        min_ram: 0,
        min_disk: 2,
        size: 0,
        disk_format: 'qcow2',
        container_format: 'bare',
        properties: {},
      },
    ]);
  });

  test.each([
    ['not JSON', '[{'],
    ['no list', '{}'],
    ['no id', '[{"name": "a"}]'],
    ['no name', `[{"id": "${id}"}]`],
    ['an id that is no UUID', '[{"id": "1", "name": "a"}]'],
    ['an unknown key', `[{"id": "${id}", "name": "a", "min_ran": 1}]`],
    ['a negative size', `[{"id": "${id}", "name": "a", "size": -1}]`],
    ['the same id twice', `[{"id": "${id}", "name": "a"}, {"id": "${id}", "name": "b"}]`],
    ['a property that is no text', `[{"id": "${id}", "name": "a", "properties": {"a": 1}}]`],
  ])('%s is refused', (_title, images) => {
    expect(refusalOf(() => load({ 'image.images': images })).option).toBe('[image] images');
  });
});
