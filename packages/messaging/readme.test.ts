import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

const FOLDER = import.meta.dirname;
const README = join(FOLDER, 'README.md');

function blocks(readme: string, language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block = '']) => block,
  );
}

test('the examples of the README run, and print what it says', async () => {
  const readme = await readFile(README, 'utf8');
  const examples = blocks(readme, 'ts');
  expect(examples).toHaveLength(6);
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

test('the README shows the example programs as they are', async () => {
  const readme = await readFile(README, 'utf8');
  const programs = ['echo-server.mjs', 'echo-client.mjs', 'echo_client.py'];
  const sources = programs.map((name) => readFile(join(FOLDER, '../../examples', name), 'utf8'));
  expect([...blocks(readme, 'js'), ...blocks(readme, 'python')]).toEqual(await Promise.all(sources));
});
