import { setTimeout as sleep } from 'node:timers/promises';
import { clientOf, getTransport } from '@mini-nova/messaging';
import { createRpc, RequestContext } from '@mini-nova/service';
import { answerRequests } from '../shared/answer-requests.ts';
import { openLoop } from '../shared/open-loop.ts';
import { quietLogger } from '../shared/quiet-logger.ts';
import { CallTally } from './call-tally.ts';
import { workRpc, workTime } from './work.ts';

/** Milliseconds after the last call in which all must settle: their timeout and a margin. */
const PATIENCE = 70_000;
/** Milliseconds between two checks. */
const LOOK_INTERVAL = 20;

type Call = (n: number) => Promise<{ pid: number }>;

const tally = new CallTally();
const over = new AbortController();
let call: Call = () => Promise.reject(new Error('not connected'));
let loop: Promise<void> | undefined;

answerRequests({
  connect: async ({ url }: { url: string }) => {
    const transport = getTransport({ url, controlExchange: 'nova', logger: quietLogger, name: 'client' });
    const Worker = clientOf(workRpc);
    const worker = new Worker(createRpc(transport));
    call = async (n) => {
      const answer = await worker.work(new RequestContext(), { n, ms: workTime(n) });
      if (answer.n !== n) throw new TypeError(`call ${n} got the answer of ${answer.n}`);
      return answer;
    };
  },
  begin: ({ perSecond }: { perSecond: number }) => {
    loop = openLoop(
      { perSecond, seconds: Number.POSITIVE_INFINITY, signal: over.signal },
      (n) => void count(n),
    );
  },
  summary: () => tally.summary(),
  end: async () => {
    over.abort();
    await loop;
    const deadline = performance.now() + PATIENCE;
    while (tally.pending > 0 && performance.now() < deadline) await sleep(LOOK_INTERVAL);
    return tally.summary();
  },
});

async function count(n: number): Promise<void> {
  const start = performance.now();
  tally.onCall();
  try {
    const { pid } = await call(n);
    tally.onAnswer(performance.now() - start, pid);
  } catch (error) {
    tally.onError(error instanceof Error ? error.name : String(error));
  }
}
