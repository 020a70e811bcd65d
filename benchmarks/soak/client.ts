import { setTimeout as sleep } from 'node:timers/promises';
import { MessagingError, RPCClient } from '@mini-nova/messaging';
import type { Place } from '../rpc/contender.ts';
import { answerRequests } from '../shared/answer-requests.ts';
import { openLoop } from '../shared/open-loop.ts';
import { type Memory, memoryInUse } from '../shared/usage.ts';
import { FLOWS, type Flow, flowTarget, flowTransport } from './flows.ts';
import { Numbers } from './numbers.ts';

/** Milliseconds after the last message in which all must settle: a call's timeout and a margin. */
const PATIENCE = 90_000;
const WARM_IN_FLIGHT = 64;

/** What became of a flow's messages. */
export interface FlowTally {
  sent: number;
  /** Casts that the transport accepted, and calls that were answered. */
  done: number;
  /** By the kind of error. */
  failed: Record<string, number>;
}

class Sender {
  readonly flow: Flow;
  readonly tally: FlowTally = { sent: 0, done: 0, failed: {} };
  /** The messages that the transport accepted or the server answered. */
  readonly accepted = new Numbers();
  readonly #client: RPCClient;

  constructor(flow: Flow, place: Place) {
    this.flow = flow;
    this.#client = new RPCClient(flowTransport(flow, place), flowTarget(flow, place));
  }

  async warmUp(messages: number): Promise<void> {
    let n = 0;
    const loop = async (): Promise<void> => {
      while (n < messages) {
        n += 1;
        await this.#send('warm', n);
      }
    };
    await Promise.all(Array.from({ length: WARM_IN_FLIGHT }, loop));
  }

  async run(seconds: number): Promise<void> {
    await openLoop({ perSecond: this.flow.rate, seconds }, (n) => void this.#count(n));
    const end = Date.now() + PATIENCE;
    while (this.pending > 0 && Date.now() < end) await sleep(100);
  }

  get pending(): number {
    const { sent, done, failed } = this.tally;
    return sent - done - Object.values(failed).reduce((sum, count) => sum + count, 0);
  }

  async #count(n: number): Promise<void> {
    const { tally } = this;
    tally.sent += 1;
    try {
      await this.#send('count', n);
      tally.done += 1;
      this.accepted.add(n);
    } catch (error) {
      const name = error instanceof MessagingError ? error.name : String(error);
      tally.failed[name] = (tally.failed[name] ?? 0) + 1;
    }
  }

  /** `count`: is counted, by its number. `warm`: is not. */
  #send(method: 'count' | 'warm', n: number): Promise<unknown> {
    return this.flow.kind === 'call'
      ? this.#client.call({}, method, { n })
      : this.#client.cast({}, method, { n });
  }
}

const senders: Sender[] = [];

answerRequests({
  connect: (place: Place) => {
    for (const flow of FLOWS) senders.push(new Sender(flow, place));
  },
  warmUp: ({ messages }: { messages: number }) =>
    Promise.all(senders.map((sender) => sender.warmUp(messages))).then(() => null),
  run: ({ seconds }: { seconds: number }) =>
    Promise.all(senders.map((sender) => sender.run(seconds))).then(() => null),
  tallies: (): FlowTally[] => senders.map(({ tally }) => tally),
  accepted: ({ name }: { name: string }) => senders.find(({ flow }) => flow.name === name)?.accepted.counts(),
  memory: (): Memory => memoryInUse(),
});
