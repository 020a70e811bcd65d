import { expect, test } from 'vitest';
import { Microversion } from '../microversion.ts';
import { findImages, imageParameters } from './query.ts';
import { ImageRegistry } from './registry.ts';

function image(name: string, values: { min_ram?: number; properties?: Record<string, string> } = {}) {
  const of = { min_ram: 0, min_disk: name.length, size: 1, disk_format: 'raw', container_format: 'bare' };
  return { id: `id-${name}`, name, properties: {}, ...of, ...values };
}

const images = new ImageRegistry([
  image('a', { properties: { os: 'linux', instance_uuid: 'u1' } }),
  image('bb', { min_ram: 512, properties: { image_type: 'snapshot' } }),
  image('ccc'),
]);

const questions: [given: Record<string, string>, found: string[]][] = [
  [{}, ['a', 'bb', 'ccc']],
  [{ name: 'bb' }, ['bb']],
  [{ name: 'b' }, []],
  [{ status: 'ACTIVE' }, ['a', 'bb', 'ccc']],
  [{ status: 'queued' }, []],
  [{ minRam: '512' }, ['bb']],
  [{ minDisk: '3' }, ['ccc']],
  [{ type: 'snapshot' }, ['bb']],
  [{ server: 'http://localhost/servers/u1' }, ['a']],
  [{ server: 'u1' }, ['a']],
  [{ 'property-os': 'linux' }, ['a']],
  [{ 'property-toString': 'x' }, []],
  [{ 'changes-since': '2020-01-01' }, ['a', 'bb', 'ccc']],
  [{ 'changes-since': '2999-01-01' }, []],
  [{ limit: '2' }, ['a', 'bb']],
  [{ limit: '0' }, []],
  [{ marker: 'id-a', limit: '1' }, ['bb']],
];

const find = (query: object) => findImages(images, { query, microversion: Microversion.of('2.1') }, 1000);

test.each(questions)('the images asked for by %o', (given, found) => {
  expect(find(given).page.map(({ name }) => name)).toEqual(found);
});

test('every parameter is asked about', () => {
  const asked = new Set(questions.flatMap(([given]) => Object.keys(given)));
  for (const name of Object.keys(imageParameters))
    expect([...asked].join(' ')).toContain(name.replace('*', ''));
});

test.each([
  { limit: 'x' },
  { marker: 'none' },
  { minRam: '-1' },
  { 'changes-since': 'x' },
  { property: 'x' },
])('%o is refused', (given) => {
  expect(() => find(given)).toThrow(expect.objectContaining({ statusCode: 400 }));
});
