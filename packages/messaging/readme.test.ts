import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

const FOLDER = import.meta.dirname;

test('the examples of the README run, and print what it says', async () => {
  const readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
  const examples = [...readme.matchAll(/^```ts\n(.*?)^```/gms)].map((match) => match[1] ?? '');
  expect(examples).toHaveLength(3);
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  // Inside the workspace, so that the package's name resolves as it does for a user.
  const cache = join(FOLDER, '../../node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'readme-'));
  try {
    for (const [index, example] of examples.entries()) {
      const file = join(folder, `example-${index}.ts`);
      await writeFile(file, example);
      await import(file);
    }
    const printed = [...readme.matchAll(/^It prints `(.*?)`/gm)].map((match) => [match[1]]);
    expect(log.mock.calls).toEqual(printed);
  } finally {
    log.mockRestore();
    await rm(folder, { recursive: true });
  }
});
