import { access, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repositoryRoot } from '@mini-nova/testing';
import { expect, test } from 'vitest';

const SKIPPED = new Set(['node_modules', 'dist', 'coverage']);

async function markdownFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = entries.map((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return SKIPPED.has(entry.name) || entry.name.startsWith('.') ? [] : markdownFiles(path);
    }
    return entry.name.endsWith('.md') ? [path] : [];
  });
  return (await Promise.all(found)).flat();
}

/** As GitHub makes them of headings. */
function anchors(markdown: string): string[] {
  const headings = [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text.toLowerCase());
  return headings.map((text) => text.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'));
}

/** What is wrong with a link, if anything. */
async function problemOf(link: string, file: string): Promise<string[]> {
  if (/^[a-z]+:/.test(link)) return [];
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), path);
  try {
    await access(target);
  } catch {
    return [`${file}: ${link}`];
  }
  if (anchor === undefined || anchors(await readFile(target, 'utf8')).includes(anchor)) return [];
  return [`${file}: ${link} (no such heading)`];
}

test('every relative link in a Markdown file leads somewhere', async () => {
  const files = await markdownFiles(repositoryRoot);
  expect(files.length).toBeGreaterThan(10);
  const problems = files.map(async (file) => {
    const links = (await readFile(file, 'utf8')).matchAll(/\]\(([^)\s]+)\)/g);
    return (await Promise.all([...links].map(([, link = '']) => problemOf(link, file)))).flat();
  });
  expect((await Promise.all(problems)).flat()).toEqual([]);
});

test('every row of a table is one line', async () => {
  const files = await markdownFiles(repositoryRoot);
  const cut = files.map(async (file) => {
    const rows = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('|'));
    return rows.filter((row) => !row.endsWith('|')).map((row) => `${file}: ${row}`);
  });
  expect((await Promise.all(cut)).flat()).toEqual([]);
});
