import { randomInt } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithThisProcess } from './reaper.ts';

// Below the ports that systems hand to outgoing connections (32768 and up), so that a server which is
// stopped for a while finds its port still free.
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 100;
/** An empty folder for each port that a living process of any test run was given. */
const RESERVATIONS = join(tmpdir(), 'mini-nova-ports');

/**
 * A TCP port on which nothing listens on 127.0.0.1. As long as this process lives, nobody else is given it by this
 * function: a server may take seconds until it listens.
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
