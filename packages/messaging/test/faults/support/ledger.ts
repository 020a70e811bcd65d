import { MessagingError } from '../../../errors.ts';
import type { CallContext, RPCClient } from '../../../index.ts';
import { CTXT } from '../../rpc-fixture.ts';

type Caller = RPCClient | CallContext;

export type CallOutcome = 'result' | { code: string };

interface CallRecord {
  method: string;
  /** Milliseconds. */
  timeout: number;
  startedAt: number;
  /** Milliseconds from its start to its end; absent while it is pending. */
  took?: number;
  error?: unknown;
}

/** How much later (ms) than at its deadline a call may end: the machine may be busy with other things as well. */
const LATE = 30_000;
/** Seconds, in which a broker may have to start. */
const TIMEOUT = 200;

/** Keeps account of what a test sends, so that the checks afterwards know what was promised. */
export class Ledger {
  readonly #calls: CallRecord[] = [];
  readonly #accepted = new Set<unknown>();
  readonly #noted = new Map<unknown, number>();

  /** Serves `note`, and counts what it is told. */
  readonly notebook = {
    note: (_ctxt: object, { value }: { value: unknown }): void => {
      this.#noted.set(value, this.timesNoted(value) + 1);
    },
  };

  /** Calls with the timeout given (seconds). What becomes of it is told to the caller as well. */
  async call(caller: Caller, method: string, args: object, timeout = TIMEOUT): Promise<unknown> {
    const record: CallRecord = { method, timeout: timeout * 1000, startedAt: performance.now() };
    this.#calls.push(record);
    try {
      return await caller.prepare({ timeout }).call(CTXT, method, args);
    } catch (error) {
      record.error = error;
      throw error;
    } finally {
      record.took = performance.now() - record.startedAt;
    }
  }

  /** Casts `note` with a value of its own; once it resolves, the value is promised to be noted. */
  async cast(caller: Caller, value: unknown): Promise<void> {
    await caller.cast(CTXT, 'note', { value });
    this.#accepted.add(value);
  }

  /** Calls, and tells the outcome instead of throwing. */
  async outcome(caller: Caller, method: string, args: object, timeout = TIMEOUT): Promise<CallOutcome> {
    try {
      await this.call(caller, method, args, timeout);
      return 'result';
    } catch (error) {
      if (error instanceof MessagingError) return { code: error.code };
      throw error;
    }
  }

  /** The values noted, each once, in the order of their first arrival. */
  get noted(): unknown[] {
    return [...this.#noted.keys()];
  }

  timesNoted(value: unknown): number {
    return this.#noted.get(value) ?? 0;
  }

  /** How often any value was noted again. */
  get repeated(): number {
    let repeated = 0;
    for (const times of this.#noted.values()) repeated += times - 1;
    return repeated;
  }

  /** Casts that the transport took and that no server has noted. */
  get missing(): unknown[] {
    return [...this.#accepted].filter((value) => !this.#noted.has(value));
  }

  /** Calls that are pending beyond their deadline, ended too late, or with an error that is none of the package's. */
  get broken(): string[] {
    return this.#calls.flatMap((record) => problems(record));
  }

  /** Milliseconds until the last pending call has to have ended. */
  get patience(): number {
    const pending = this.#calls.filter(({ took }) => took === undefined);
    const ends = pending.map(({ startedAt, timeout }) => startedAt + timeout + LATE - performance.now());
    return Math.max(0, ...ends);
  }

  get pending(): number {
    return this.#calls.filter(({ took }) => took === undefined).length;
  }
}

function problems({ method, timeout, startedAt, took, error }: CallRecord): string[] {
  const found: string[] = [];
  const age = took ?? performance.now() - startedAt;
  if (age > timeout + LATE) {
    const what = took === undefined ? 'is pending' : 'ended';
    found.push(`${method} ${what} after ${Math.round(age)} ms; its timeout is ${timeout} ms`);
  }
  if (error !== undefined && !(error instanceof MessagingError)) found.push(`${method}: untyped ${error}`);
  return found;
}
