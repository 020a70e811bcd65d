import { fileURLToPath } from 'node:url';

/** A file of this workspace that is not compiled; `path` is relative to its folder. */
export function sourceFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** A compiled file of this workspace; `path` is relative to `dist`. */
export function builtFile(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}
