import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseConfigText } from './config-file.ts';
import { loadConfig } from './live-config.ts';
import type { Option } from './option.ts';
import { novaSchema } from './options/index.ts';
import { renderSampleConfig } from './sample.ts';

const sample = readFileSync(new URL('../../etc/nova/nova.conf', import.meta.url), 'utf8');

test('etc/nova/nova.conf is the one generated from the schema (else: npm run config:sample)', () => {
  expect(sample).toBe(renderSampleConfig());
});

test('every option is in the sample, and its default reads back', () => {
  const { assignments, problems } = parseConfigText(sample.replace(/^#(?=\S)/gm, ''), 'nova.conf');
  expect(problems).toEqual([]);
  const found = new Map(assignments.map(({ group, name, value }) => [`${group}.${name}`, value]));
  for (const [group, options] of Object.entries(novaSchema)) {
    for (const [name, option] of Object.entries<Option<unknown>>(options)) {
      const text = found.get(`${group}.${name}`);
      expect(text, `[${group}] ${name}`).toBeDefined();
      if (option.sampleDefault !== undefined) continue;
      const read = loadConfig({
        schema: { [group]: { [name]: option } },
        configFiles: [],
        env: {},
        overrides: { [`${group}.${name}`]: text?.replaceAll('$', '$$$$') },
      });
      expect(read[group]?.[name]).toEqual(option.default);
    }
  }
});

test('each option is explained: help, type, what is allowed', () => {
  for (const options of Object.values(novaSchema)) {
    for (const option of Object.values<Option<unknown>>(options)) {
      expect(option.doc).toMatch(/\S.*\.$/);
      expect(option.allowed).not.toBe('');
    }
  }
  expect(sample).toContain(
    '# Type: number, in seconds. Allowed: a number from 0.1 to 2147483.\n#report_interval = 10',
  );
});

test('each option says whether it is mutable, and its deprecated names', () => {
  const entry = (name: string) =>
    sample.split('\n\n').find((text) => new RegExp(`^#${name} = `, 'm').test(text)) ?? '';
  expect(entry('debug')).toContain('# Mutable: changed by SIGHUP.\n');
  expect(entry('host')).not.toContain('Mutable');
  expect(entry('max_pool_size').replaceAll('\n# ', ' ')).toContain(
    'Deprecated names: [DEFAULT] sql_max_pool_size, [database] sql_max_pool_size.',
  );
});
