import { expect, test } from 'vitest';
import { parseConfigText } from './config-file.ts';
import {
  insertReference,
  integer,
  loadConfig,
  type Option,
  renderReference,
  renderSampleConfig,
  string,
} from './index.ts';
import { schema } from './test/schema.ts';

const sample = renderSampleConfig(schema, '# A head line.\n');

test('every option is in the sample, and its default reads back', () => {
  const { assignments, problems } = parseConfigText(sample.replace(/^#(?=\S)/gm, ''), 'nova.conf');
  expect(problems).toEqual([]);
  const found = new Map(assignments.map(({ group, name, value }) => [`${group}.${name}`, value]));
  for (const [group, options] of Object.entries(schema)) {
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
  expect(sample).toContain(
    '# Says what it is for.\n# Mutable: changed by SIGHUP.\n# Type: number, in seconds. Allowed: a number from 0.1 to 2147483.\n#report_interval = 10',
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
test('every option has a row in the table of its group', () => {
  const tables = renderReference(schema).split(/^### /m);
  for (const [group, options] of Object.entries(schema)) {
    const table = tables.find((text) => text.startsWith(`[${group}]`)) ?? '';
    for (const [name, { mutable }] of Object.entries<Option<unknown>>(options)) {
      const row = table.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      expect(row.match(/(?<!\\)\|/g), `[${group}] ${name}`).toHaveLength(7);
      expect(row.includes('| by SIGHUP |'), `[${group}] ${name}`).toBe(mutable === true);
    }
  }
});

test('a row has everything there is to know about an option', () => {
  const token = string({
    default: 'a|b',
    secret: true,
    mutable: true,
    deprecated: ['old', 'DEFAULT.older'],
    help: 'A | B.',
  });
  const size = integer({ default: null, min: 1, unit: 'items', help: 'Size.' });
  const [head, , , , first, second] = renderReference({ own: { token, size } }).split('\n');
  expect(head).toBe('### [own]');
  expect(first).toBe(
    '| `token` | string | `a\\|b` | a text | by SIGHUP | A \\| B. Secret: shown masked. Deprecated names: `[own] old`, `[DEFAULT] older`. |',
  );
  expect(second).toBe(
    '| `size` | integer, in items | | an integer from 1 to 2147483647, or empty for none | | Size. |',
  );
});

test('prose around the reference is kept', () => {
  const begin = '<!-- Generated from the schema by `npm run config:generate`: begin -->';
  const end = '<!-- Generated from the schema: end -->';
  const page = (reference: string) => `# Page\n\n${begin}\n\n${reference}\n\n${end}\nMore.\n`;
  expect(insertReference(page('old\n\nlines'), 'new')).toBe(page('new'));
});

test('a page without a place for it is refused', () => {
  expect(() => insertReference('# Page\n', 'new')).toThrow('the page has no lines');
});
