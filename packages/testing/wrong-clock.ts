import { access, readdir } from 'node:fs/promises';
import { canInstall, DEBIAN_PACKAGES, INSTALL_COMMAND, installPackages } from './debian.ts';
import { TestServerUnavailable } from './errors.ts';

/** The library of Debian's faketime for programs with threads. */
export async function faketimeLibrary(): Promise<string | undefined> {
  const folders = await readdir('/usr/lib').catch(() => [] as string[]);
  const paths = folders.map((folder) => `/usr/lib/${folder}/faketime/libfaketimeMT.so.1`);
  for (const path of paths) {
    if (await isThere(path)) return path;
  }
  return undefined;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false; // of another architecture, or not installed
  }
}

/**
 * The environment in which a program sees a clock that is wrong by so many seconds. Its monotonic clock remains the
 * machine's, as when a clock is set wrong; with `monotonic` that differs too, as on another machine.
 */
export async function wrongClock(
  seconds: number,
  { monotonic = false } = {},
): Promise<Record<string, string>> {
  let library = await faketimeLibrary();
  if (library === undefined && (await canInstall())) {
    await installPackages(DEBIAN_PACKAGES);
    library = await faketimeLibrary();
  }
  if (library === undefined) throw new TestServerUnavailable('faketime', `Install it: ${INSTALL_COMMAND}`);
  const offset = `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}`;
  return { LD_PRELOAD: library, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: monotonic ? '0' : '1' };
}
