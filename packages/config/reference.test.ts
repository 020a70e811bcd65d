import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { integer, string } from './index.ts';
import type { Option } from './option.ts';
import { novaSchema } from './options/index.ts';
import { insertReference, renderReference } from './reference.ts';

const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');

test('docs/configuration.md has the reference generated from the schema (else: npm run config:generate)', () => {
  expect(page).toBe(insertReference(page));
});

test('every option has a row in the table of its group', () => {
  const tables = renderReference().split(/^### /m);
  for (const [group, options] of Object.entries(novaSchema)) {
    const table = tables.find((text) => text.startsWith(`[${group}]`)) ?? '';
    for (const [name, { mutable }] of Object.entries<Option<unknown>>(options)) {
      const row = table.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
      expect(row.match(/(?<!\\)\|/g), `[${group}] ${name}`).toHaveLength(7);
      expect(row.includes('| by SIGHUP |'), `[${group}] ${name}`).toBe(mutable === true);
    }
  }
});

test('a row has all there is to know of an option', () => {
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

test('prose around the reference stays', () => {
  const changed = insertReference(page, 'new');
  expect(changed.startsWith(page.slice(0, page.indexOf('### [DEFAULT]')))).toBe(true);
  expect(changed).toMatch(/begin -->\n\nnew\n\n<!--/);
});

test('a page without a place for it is refused', () => {
  expect(() => insertReference('# Page\n')).toThrow('the page has no lines');
});
