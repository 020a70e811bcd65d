import { setTimeout as delay } from 'node:timers/promises';
import type { ServerDocument } from '@mini-nova/api/documents';
import { ApiError, CommandError } from './errors.ts';
import type { ClientIo } from './io.ts';
import type { NovaClient } from './nova-client.ts';

export interface PollOptions {
  /** What is being done: `building`, `rebooting`. */
  activity: string;
  /** Statuses that end the wait well. */
  until: readonly string[];
  /** Seconds to wait in all. */
  timeout: number;
}

/** Milliseconds between two looks, growing from the first to the second. */
const PERIODS = { first: 100, last: 1000 };

/**
 * Waits until all servers are done, with progress on stderr.
 *
 * @returns the servers as they are then; see `failOnErrors` for those that ended in ERROR
 * @throws CommandError when one is gone, or when time is up
 */
export async function pollServers(
  nova: NovaClient,
  io: ClientIo,
  ids: readonly string[],
  options: PollOptions,
): Promise<ServerDocument[]> {
  const { activity, until, timeout } = options;
  const progress = new Progress(io, ids.length, activity);
  const deadline = performance.now() + timeout * 1000;
  const servers = new Map<string, ServerDocument>();
  const waiting = new Set(ids);
  for (let period = PERIODS.first; ; period = Math.min(period * 1.3, PERIODS.last)) {
    for (const id of waiting) {
      const server = await look(nova, id, progress);
      servers.set(id, server);
      if (isDone(server, until)) waiting.delete(id);
    }
    progress.show([...servers.values()]);
    if (waiting.size === 0) break;
    if (performance.now() > deadline) {
      progress.end();
      throw new CommandError(`ERROR: after ${timeout} s still ${activity}: ${[...waiting].join(', ')}.`);
    }
    await delay(period);
  }
  progress.end();
  if ([...servers.values()].every(({ status }) => until.includes(status))) io.err('Finished\n');
  return ids.flatMap((id) => servers.get(id) ?? []);
}

/** Waits until the servers are gone. @throws CommandError when one ends in ERROR, or when time is up */
export async function pollDeleted(nova: NovaClient, ids: readonly string[], timeout: number): Promise<void> {
  const deadline = performance.now() + timeout * 1000;
  for (const id of ids) {
    for (let period = PERIODS.first; ; period = Math.min(period * 1.3, PERIODS.last)) {
      const server = await orGone(nova.getServer(id));
      if (server === undefined || server.status === 'DELETED') break;
      if (isDone(server, [])) failOnErrors([server], 'deleting');
      if (performance.now() > deadline)
        throw new CommandError(`ERROR: after ${timeout} s not deleted yet: ${id}.`);
      await delay(period);
    }
  }
}

async function look(nova: NovaClient, id: string, progress: Progress): Promise<ServerDocument> {
  const server = await orGone(nova.getServer(id));
  if (server) return server;
  progress.end();
  throw new CommandError(`ERROR: server ${id} was deleted meanwhile.`);
}

async function orGone(server: Promise<ServerDocument>): Promise<ServerDocument | undefined> {
  try {
    return await server;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}

function isDone(server: ServerDocument, until: readonly string[]): boolean {
  const resting = server['OS-EXT-STS:task_state'] === null;
  return resting && (until.includes(server.status) || server.status === 'ERROR');
}

/** @throws CommandError that names each server in ERROR, with its fault */
export function failOnErrors(servers: readonly ServerDocument[], activity: string): void {
  const failed = servers.filter(({ status }) => status === 'ERROR');
  if (failed.length === 0) return;
  const lines = failed.map(
    ({ id, name, status, fault }) =>
      `  ${name ?? ''} (${id}) is ${status}: ${fault ? `${fault.message} (code ${fault.code})` : 'no fault is recorded'}`,
  );
  throw new CommandError([`Error ${activity} server`, ...lines].join('\n'));
}

/** On a terminal one line that is written over; else a line per change. */
class Progress {
  readonly #io: ClientIo;
  readonly #count: number;
  readonly #activity: string;
  #last = '';

  constructor(io: ClientIo, count: number, activity: string) {
    this.#io = io;
    this.#count = count;
    this.#activity = activity;
  }

  show(servers: ServerDocument[]): void {
    const line = this.#count === 1 ? this.#lineOfOne(servers[0]) : this.#lineOfMany(servers);
    if (line === this.#last) return;
    this.#io.err(this.#io.errIsTerminal ? `\r\u001b[K${line}` : `${line}\n`);
    this.#last = line;
  }

  end(): void {
    if (this.#io.errIsTerminal && this.#last !== '') this.#io.err('\n');
  }

  #lineOfOne(server: ServerDocument | undefined): string {
    const task = server?.['OS-EXT-STS:task_state'];
    const state = server ? ` (${server.status}${task ? `, ${task}` : ''})` : '';
    return `Server ${this.#activity}...${this.#percentOf(server)}${state}`;
  }

  /** Only a build has a part that is done. */
  #percentOf(server: ServerDocument | undefined): string {
    if (this.#activity !== 'building') return '';
    return server?.status === 'ACTIVE' ? ' 100% complete' : ` ${server?.progress ?? 0}% complete`;
  }

  #lineOfMany(servers: ServerDocument[]): string {
    const counts = new Map<string, number>();
    for (const { status } of servers) counts.set(status, (counts.get(status) ?? 0) + 1);
    const text = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
    return `${this.#count} servers ${this.#activity}... ${text}`;
  }
}
