import type { GuestState, StrayState } from '@mini-nova/compute/rpcapi';
import type { RpcContext } from '@mini-nova/messaging';
import type { Instance } from '@mini-nova/objects';
import { currentContext, RequestContext } from '@mini-nova/service';
import type { ComputeHost } from './compute-host.ts';
import { recordsOf } from './instance-records.ts';
import { moveOf } from './moves.ts';

/** A guest that is not recorded here. */
export interface StrayGuest {
  uuid: string;
  state: StrayState;
  /** The host in its record. */
  recordedHost: string | null;
  /** When it was first seen in this state, by performance.now(); each look since has seen it so. */
  since: number;
}

const notices: Record<StrayState, string> = {
  deleted: 'A guest runs whose instance is recorded as deleted',
  moved: 'A guest runs whose instance a migration has taken to another host',
  elsewhere: 'A guest runs whose instance is recorded on another host; it is left alone',
  unknown: 'A guest runs of which there is no record; it is left alone',
};

/**
 * Compares the guests of this host with their records. It destroys nothing. It measures, by one clock and across looks,
 * how long a guest has been in a state: no look in that time has seen another state.
 */
export class GuestWatch {
  readonly #host: ComputeHost;
  #strays: ReadonlyMap<string, StrayGuest> = new Map();
  #moving: ReadonlyMap<string, string | null> = new Map();

  constructor(host: ComputeHost) {
    this.#host = host;
  }

  /** As of the last look. */
  get strays(): readonly StrayGuest[] {
    return [...this.#strays.values()];
  }

  /** Guests that a migration under way takes from or to this host, with the host in their record. As of the last look. */
  get moving(): ReadonlyMap<string, string | null> {
    return this.#moving;
  }

  count(state: StrayState): number {
    return this.strays.filter((stray) => stray.state === state).length;
  }

  /** Looks now. Guests of instances that are being worked on are left out: that work leaves them in order. */
  async look(ctxt: RpcContext): Promise<readonly StrayGuest[]> {
    const { driver, conductor, name } = this.#host;
    const guests = await driver.listInstanceUuids();
    const here = new Set((await conductor.instancesByHost(ctxt, name)).map(({ uuid }) => uuid));
    const others = guests.filter((uuid) => !here.has(uuid) && !this.#host.locks.isHeld(uuid));
    const found = await judge(this.#host, others);
    const strays = found.flatMap((guest) => this.#note(guest) ?? []);
    this.#strays = new Map(strays.map((stray) => [stray.uuid, stray]));
    this.#moving = new Map(
      found.flatMap(({ uuid, state, record }) => (state === 'moving' ? [[uuid, record?.host ?? null]] : [])),
    );
    return strays;
  }

  #note({ uuid, state, record }: JudgedGuest): StrayGuest | undefined {
    if (state === 'here' || state === 'moving') return undefined;
    const recordedHost = record?.host ?? null;
    const before = this.#strays.get(uuid);
    if (before?.state === state) return { ...before, recordedHost };
    this.#host.logger.warn(
      { instance_uuid: uuid, host: this.#host.name, recorded_host: recordedHost },
      notices[state],
    );
    return { uuid, state, recordedHost, since: performance.now() };
  }
}

/** A guest of this host, and what the records say of it. */
export interface JudgedGuest {
  uuid: string;
  state: GuestState;
  /** Undefined: there is no record. */
  record: Instance | undefined;
}

/** What the records say now of guests of this host. */
export async function judge(host: ComputeHost, uuids: readonly string[]): Promise<JudgedGuest[]> {
  const records = await recordsOf(host, uuids);
  const isElsewhere = (uuid: string) => stateOf(records.get(uuid), host.name) === 'elsewhere';
  const ctxt = currentContext() ?? RequestContext.admin();
  const migrations = await host.conductor.migrationsOfInstances(ctxt, uuids.filter(isElsewhere));
  return uuids.map((uuid) => {
    const record = records.get(uuid);
    const moves = migrations.filter(({ instance_uuid }) => instance_uuid === uuid);
    const state = isElsewhere(uuid) ? moveOf(moves, host.name) : undefined;
    return { uuid, record, state: state ?? stateOf(record, host.name) };
  });
}

function stateOf(record: Instance | undefined, host: string): 'here' | 'deleted' | 'elsewhere' | 'unknown' {
  if (record === undefined) return 'unknown';
  if (record.deleted) return 'deleted';
  return record.host === host ? 'here' : 'elsewhere';
}
