import { execFileSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { tempDir } from '@mini-nova/testing';
import { onTestFinished } from 'vitest';

/** Only root can create one, and not in every container; the tests of other outages need no such rights. */
export const canMount = process.getuid?.() === 0 && mounts();

/** A folder with room for 64 KiB, until the test ends. */
export function smallFileSystem(): string {
  const folder = tempDir('small-');
  mount(folder);
  onTestFinished(() => unmount(folder));
  return folder;
}

function mounts(): boolean {
  const folder = tempDir('small-');
  try {
    mount(folder);
  } catch {
    return false; // the kernel says no, or there is no such program
  }
  unmount(folder);
  return true;
}

function mount(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder], { stdio: 'ignore' });
}

function unmount(folder: string): void {
  execFileSync('umount', ['-l', folder]);
}

/** Fills it with empty lines, so many at a time. */
export function fill(file: string, lines: number): void {
  try {
    for (;;) appendFileSync(file, '\n'.repeat(lines));
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}
