import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithThisProcess } from './reaper.ts';

// Below the ports that systems assign to outgoing connections (32768 and up), so that a server that is
// stopped for a while finds its port still free.
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 100;
/** Has an empty folder for each port that was given to a living process of any test run. */
const RESERVATIONS = join(tmpdir(), 'mini-nova-ports');

/**
 * A TCP port of 127.0.0.1 on which nothing listens. As long as this process lives, this function gives it to nobody
 * else: a server may take seconds until it listens.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = randomInt(LOWEST, HIGHEST);
    if (reserve(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}

/** False: somebody has it. */
function reserve(port: number): boolean {
  const folder = join(RESERVATIONS, String(port));
  mkdirSync(RESERVATIONS, { recursive: true });
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  endWithThisProcess('dir', folder);
  return true;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
