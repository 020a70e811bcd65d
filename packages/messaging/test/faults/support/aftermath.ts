import type { PrivateRabbit } from '@mini-nova/testing';
import { expect, vi } from 'vitest';
import type { Ledger } from './ledger.ts';
import { RogueErrors } from './rogue-errors.ts';
import { TimerWatch } from './timer-watch.ts';

/** What a test leaves at the broker on purpose. */
export interface Leftovers {
  /** Reply queues of processes that died, or that closed while calls were pending. */
  replyQueues: number;
  /** Fanout queues of servers that died. */
  fanoutQueues: number;
}

/** What earlier tests on a broker left there. */
const leftEarlier = new WeakMap<PrivateRabbit, Set<string>>();

/**
 * What every fault must leave behind: nothing. From its creation, before a test, it watches this process; afterwards
 * it compares.
 */
export class Aftermath {
  readonly leftovers: Leftovers = { replyQueues: 0, fanoutQueues: 0 };
  readonly #rogues = new RogueErrors();
  readonly #timers = new TimerWatch();
  readonly #before = resources();

  /** While the ends are still open: each call has ended in time, and each accepted cast has run. */
  async checkPromises(ledger: Ledger): Promise<void> {
    await vi.waitFor(() => expect(ledger.pending).toBe(0), ledger.patience);
    expect(ledger.broken, 'calls that broke their promise').toEqual([]);
    await vi.waitFor(() => expect(ledger.missing, 'accepted casts that never ran').toEqual([]));
  }

  /** After all ends are closed: nobody's error was lost, and nothing goes on. */
  async checkProcess(): Promise<void> {
    try {
      await vi.waitFor(() => {
        expect(this.#timers.running(), 'timers left running').toEqual([]);
        expect(exceeding(resources(), this.#before), 'handles left open').toEqual({});
      });
    } finally {
      this.#timers.stop();
      expect(this.#rogues.take(), 'errors that nobody caught').toEqual([]);
    }
  }

  /**
   * After all ends are closed: no connection, no consumer, and only queues that are meant to outlive a server. A reply
   * queue is deleted by a transport that has no waiter left, so one that is there tells of a leaked waiter. Queues that
   * are `expiring` may be there as well: the transport had no time left to delete them, and told so.
   */
  async checkBroker(broker: PrivateRabbit, expiring: ReadonlySet<string>): Promise<void> {
    const earlier = leftEarlier.get(broker) ?? new Set();
    let names: string[] = [];
    try {
      await vi.waitFor(async () => {
        const [connections, all] = await Promise.all([broker.listConnections(), broker.listQueues()]);
        const queues = all.filter(({ name }) => !earlier.has(name));
        names = queues.map(({ name }) => name);
        expect(connections, 'connections left open').toEqual([]);
        const consumed = queues.filter(({ consumers }) => consumers > 0);
        expect(consumed, 'consumers left').toEqual([]);
        const others = names.filter((name) => !expiring.has(name));
        const left = [transientQueues(others), transientQueues(names)];
        expect(left, 'transient queues left').toContainEqual(this.leftovers);
      });
    } finally {
      leftEarlier.set(broker, new Set([...earlier, ...names]));
    }
  }
}

function transientQueues(names: readonly string[]): Leftovers {
  return {
    replyQueues: names.filter((name) => name.startsWith('reply_')).length,
    fanoutQueues: names.filter((name) => name.includes('_fanout_')).length,
  };
}

type Resources = Record<string, number>;

/** What keeps this process alive, counted by kind. */
function resources(): Resources {
  const counts: Resources = {};
  for (const kind of process.getActiveResourcesInfo()) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function exceeding(after: Resources, before: Resources): Resources {
  const watched = ['TCPSocketWrap', 'TCPServerWrap', 'TLSWrap', 'TCPConnectWrap', 'ProcessWrap'];
  const more = watched.filter((kind) => (after[kind] ?? 0) > (before[kind] ?? 0));
  return Object.fromEntries(more.map((kind) => [kind, (after[kind] ?? 0) - (before[kind] ?? 0)]));
}
