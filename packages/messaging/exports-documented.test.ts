import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const LIST = /export (?:type )?\{([^}]*)\} from '([^']+)'/g;

interface Exported {
  name: string;
  file: string;
}

/** The names that a file re-exports, and where they come from. */
async function exportsOf(file: string): Promise<Exported[]> {
  const source = await readFile(file, 'utf8');
  return [...source.matchAll(LIST)].flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.trim().replace(/^type /, ''))
      .filter((name) => name !== '')
      .map((name) => ({ name, file: join(dirname(file), from) })),
  );
}

async function isDocumented({ name, file }: Exported): Promise<boolean> {
  const source = await readFile(file, 'utf8');
  const declaration = new RegExp(
    `^export (?:abstract |async )?(?:class|function|interface|type|const) ${name}\\b`,
    'm',
  );
  const at = source.search(declaration);
  if (at >= 0) return source.slice(0, at).trimEnd().endsWith('*/');
  const passedOn = (await exportsOf(file)).find((exported) => exported.name === name);
  return passedOn !== undefined && isDocumented(passedOn);
}

test('each exported name has a docstring', async () => {
  const entries = ['index.ts', 'notify/index.ts'].map((entry) => join(import.meta.dirname, entry));
  const exported = (await Promise.all(entries.map(exportsOf))).flat();
  expect(exported.length).toBeGreaterThan(100);
  const outcomes = await Promise.all(
    exported.map(async (each) => ({ ...each, is: await isDocumented(each) })),
  );
  expect(outcomes.filter(({ is }) => !is).map(({ name }) => name)).toEqual([]);
});
