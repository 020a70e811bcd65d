import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithThisProcess } from './reaper.ts';

/** A new empty directory, removed with everything in it after this process has ended. */
export function tempDir(prefix = 'mini-nova-'): string {
  const path = mkdtempSync(join(tmpdir(), prefix));
  endWithThisProcess('dir', path);
  return path;
}
