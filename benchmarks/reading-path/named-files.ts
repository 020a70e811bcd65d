import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repositoryRoot } from '@mini-nova/testing';

/** The files of which the document names neither the path nor its end. */
export async function filesNotNamed(files: readonly string[], document: string): Promise<string[]> {
  const markdown = await readFile(join(repositoryRoot, document), 'utf8');
  const names = [...markdown.matchAll(/`([^`\s]+\.ts)`/g)].map(([, name = '']) => name);
  return files.filter((file) => !names.some((name) => `/${file}`.endsWith(`/${name}`)));
}
