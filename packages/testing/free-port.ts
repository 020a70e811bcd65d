import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

// Below the ports that systems hand to outgoing connections (32768 and up), so that a server which is
// stopped for a while finds its port still free.
const LOWEST = 20_000;
const HIGHEST = 32_000;
/** Each process draws from a range of its own as long as it can: a server may take seconds until it listens. */
const RANGE = 100;
const TRIES = 50;

const first = LOWEST + (process.pid % ((HIGHEST - LOWEST) / RANGE)) * RANGE;
const drawn = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * A TCP port on which nothing listens on 127.0.0.1, drawn at random so that parallel tests do not meet; never twice in
 * one process.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 2 * TRIES; attempt += 1) {
    const port = attempt < TRIES ? first + randomInt(RANGE) : randomInt(LOWEST, HIGHEST);
    if (drawn.has(port)) continue;
    drawn.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${LOWEST} and ${HIGHEST}`);
}
