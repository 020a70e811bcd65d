import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerRequests } from '../shared/answer-requests.ts';
import { openLoop } from '../shared/open-loop.ts';
import type { Probes } from './cloud-process.ts';

/** By probe, in milliseconds, in the order of sending. */
export type Samples = Record<string, number[]>;

/**
 * Each probe is sent at this interval, whether or not the last was answered: waiting for answers would miss the worst.
 */
const PER_SECOND = 50;

const agent = new Agent({ keepAlive: true });
let ending: AbortController | undefined;
let sampling: Promise<Samples> | undefined;

async function sample(probes: Probes, signal: AbortSignal): Promise<Samples> {
  const samples: Samples = Object.fromEntries(Object.keys(probes).map((name) => [name, []]));
  const pending = new Set<Promise<void>>();
  await openLoop({ perSecond: PER_SECOND, seconds: Number.POSITIVE_INFINITY, signal }, () => {
    for (const [name, url] of Object.entries(probes)) {
      const asked = ask(url).then((took) => void samples[name]?.push(took));
      pending.add(asked);
      void asked.finally(() => pending.delete(asked)).catch(() => {});
    }
  });
  await Promise.all(pending);
  return samples;
}

function ask(url: string): Promise<number> {
  const begin = performance.now();
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => {
        if (response.statusCode === 200) resolve(performance.now() - begin);
        else reject(new Error(`${url}: ${response.statusCode}`));
      });
      response.on('error', reject);
    }).on('error', reject);
  });
}

answerRequests({
  /** Listens on a server that does nothing else, and returns its URL. */
  idle: async () => {
    const server = createServer((_, response) => response.end('{}'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  },
  begin: ({ probes }: { probes: Probes }) => {
    ending = new AbortController();
    sampling = sample(probes, ending.signal);
    sampling.catch(() => {});
  },
  end: () => {
    ending?.abort();
    return sampling;
  },
});
