import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import * as api from './index.ts';

const CLASS = /class (\w+) extends \w+ \{\s+(?:override )?readonly code(?:: string)? = '(\w+)'/g;

/** The stable codes, by class name. */
async function codes(): Promise<Map<string, string>> {
  const sources = ['errors.ts', 'rpc/dispatcher.ts'].map((name) =>
    readFile(join(import.meta.dirname, name), 'utf8'),
  );
  const matches = [...(await Promise.all(sources)).join('\n').matchAll(CLASS)];
  return new Map(matches.map(([, name = '', code = '']) => [name, code]));
}

function isErrorClass(value: unknown): boolean {
  return typeof value === 'function' && value.prototype instanceof api.MessagingError;
}

test('docs/errors.md has each exported error class, with its code', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');
  const byName = await codes();
  const classes = Object.entries(api).filter(([, value]) => isErrorClass(value));
  expect(classes.length).toBeGreaterThan(10);
  const missing = classes
    .map(([name]) => ({ name, code: byName.get(name) ?? 'unknown' }))
    .filter(({ name, code }) => !new RegExp(`\`${name}\`( \\| | \\()\`${code}\``).test(page));
  expect(missing).toEqual([]);
});
