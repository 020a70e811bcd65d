import { setTimeout as sleep } from 'node:timers/promises';
import { listEndedConsumers, lockConsumers, lockProviders } from '@mini-nova/data/allocations/queries';
import type { Database, Queryable } from '@mini-nova/data/database';
import type { ResourceAmounts } from '@mini-nova/domain/resources';
import type { JsonValue, Logger, RpcRequest } from '@mini-nova/messaging';
import { NovaObject, type RequestSpec, SchedulerLimits, Selection } from '@mini-nova/objects';
import {
  allocationsOfConsumers,
  areMade,
  type Claim,
  claimAll,
  type MadeClaims,
  releaseClaims,
} from '@mini-nova/placement/allocations';
import type { DestinationDict } from '@mini-nova/scheduler/rpcapi';
import { annotateSpan, type Caller, throwIfGone, withSpan } from '@mini-nova/service';
import { CELL_UUID } from './cell.ts';
import { type Choice, HostChoice, type HostChoiceOptions, lostRaces } from './hosts/host-choice.ts';
import type { HostManager, HostState } from './hosts/host-manager.ts';
import { scheduleRequestOf } from './schedule-request.ts';

export interface FilterSchedulerOptions extends HostChoiceOptions {
  db: Database;
  hostManager: HostManager;
  logger: Logger;
}

export interface Destinations {
  spec: RequestSpec;
  /** All of them share the flavor and the rules of the spec. */
  instanceUuids: readonly string[];
  /** The most alternates to name for each instance. */
  alternates: number;
  /** Who waits for the answer. */
  caller?: Caller & Pick<RpcRequest, 'onUnanswered'>;
}

/** Where the instances of a request are to go. */
interface Plan {
  choices: readonly Choice[];
  resources: ResourceAmounts;
  /** How many hosts the request itself allowed. */
  considered: number;
  /** Other hosts that passed, best first. */
  others: readonly HostState[];
}

interface Placed {
  plan: Plan;
  made: MadeClaims;
}

/** How many plans of a request may lose a race before the request is placed under a lock on all providers. */
const RACES = 4;
/** Longest pause in milliseconds after the first lost race, on average half of it; doubled after each further one. */
const PAUSE = 10;

/** Chooses hosts by filters and weighers, and claims what the instances need there. */
export class FilterScheduler {
  readonly #options: FilterSchedulerOptions;

  constructor(options: FilterSchedulerOptions) {
    this.#options = options;
  }

  /**
   * For each instance its host, claimed, and alternates, not claimed; nothing for one that has ended (deleted, or in
   * ERROR). An instance that already holds a claim (the answer to an earlier request was lost) stays on that host if the
   * host still passes.
   * @throws NoValidHost when an instance cannot be placed; then none is
   * @throws the caller's reason when it no longer waits for the answer; then nothing is claimed
   */
  async selectDestinations(destinations: Destinations): Promise<Selection[][]> {
    const attributes = { 'nova.instance.count': destinations.instanceUuids.length };
    return withSpan('select destinations', { attributes }, () => this.#select(destinations));
  }

  async #select(destinations: Destinations): Promise<Selection[][]> {
    const { instanceUuids, alternates, caller } = destinations;
    const { plan, made } = await this.#place(destinations);
    await this.#releaseIfUnanswered(made, caller);
    annotateSpan({ 'nova.scheduler.hosts_considered': plan.considered });
    annotateSpan({ 'nova.scheduler.hosts_chosen': hostsOf(plan.choices) });
    const hosts = new Map(plan.choices.map(({ instanceUuid, host }) => [instanceUuid, host]));
    return instanceUuids.map((uuid) => selectionsOf(plan, hosts.get(uuid), alternates));
  }

  /** Gives back the claims of a caller that is gone: now, or when it turns out that nobody received the answer. */
  async #releaseIfUnanswered(made: MadeClaims, caller: Destinations['caller']): Promise<void> {
    try {
      throwIfGone(caller);
    } catch (reason) {
      await releaseClaims(this.#options.db, made);
      throw reason;
    }
    caller?.onUnanswered(() => void this.#giveBack(made));
  }

  async #giveBack(made: MadeClaims): Promise<void> {
    const { db, logger } = this.#options;
    const data = { instance_uuids: made.consumerUuids };
    try {
      await releaseClaims(db, made);
      logger.info(data, 'gave back what was claimed for a caller that is gone');
    } catch (error) {
      // The conductor's sweep will find the allocations.
      logger.error({ ...data, err: error }, 'could not give back what was claimed for a caller that is gone');
    }
  }

  /**
   * Plans on one reading of all hosts, and claims the whole plan if it still fits. If not, another request was faster and
   * made progress, and there may be room on other hosts: plan again.
   */
  async #place(destinations: Destinations): Promise<Placed> {
    const { db } = this.#options;
    const { caller } = destinations;
    for (let race = 1; race <= RACES; race++) {
      throwIfGone(caller);
      const plan = await db.snapshot((trx) => this.#plan(trx, destinations));
      const made = await db.transaction((trx) => claimPlan(trx, plan, caller), { lostCommit: areMade });
      if (typeof made !== 'string') return { plan, made };
      await sleep(Math.random() * PAUSE * 2 ** (race - 1));
    }
    throwIfGone(caller);
    return db.transaction((trx) => this.#placeAlone(trx, destinations), {
      lostCommit: (connection, { made }) => areMade(connection, made),
    });
  }

  /** Locks every provider while it plans and claims, so that it cannot lose a race. */
  async #placeAlone(trx: Queryable, destinations: Destinations): Promise<Placed> {
    await lockConsumers(trx, destinations.instanceUuids);
    const hosts = await this.#options.hostManager.readHostStates(trx);
    await lockProviders(
      trx,
      hosts.map(({ uuid }) => uuid),
    );
    const plan = await this.#plan(trx, destinations);
    const made = await claimPlan(trx, plan, destinations.caller);
    // Possible only if hosts came or went between the readings.
    if (typeof made === 'string') throw lostRaces(RACES + 1);
    return { plan, made };
  }

  async #plan(trx: Queryable, { spec, instanceUuids, alternates }: Destinations): Promise<Plan> {
    const request = scheduleRequestOf(spec);
    const ended = await listEndedConsumers(trx, instanceUuids);
    const living = instanceUuids.filter((uuid) => !ended.includes(uuid));
    const held = await allocationsOfConsumers(trx, living);
    const states = await this.#options.hostManager.readHostStates(trx);
    const choice = new HostChoice(this.#options, states, request);
    const choices = choice.chooseAll(
      living.map((uuid) => ({ instanceUuid: uuid, held: held.get(uuid) ?? {} })),
    );
    const others = alternates > 0 ? choice.ranked() : [];
    return { choices, resources: request.resources, considered: choice.considered, others };
  }
}

/** If the caller gives up meanwhile, the transaction is rolled back, and the claims with it. */
async function claimPlan(trx: Queryable, { choices, resources }: Plan, caller: Caller | undefined) {
  const claims = choices.map(({ instanceUuid, host, held }): Claim => {
    return { consumerUuid: instanceUuid, allocations: { [host.uuid]: resources }, heldOn: Object.keys(held) };
  });
  const made = await claimAll(trx, claims);
  throwIfGone(caller);
  return made;
}

function selectionsOf(
  { others, resources }: Plan,
  host: HostState | undefined,
  alternates: number,
): Selection[] {
  if (host === undefined) return [];
  const named = [host, ...others.filter((other) => other !== host).slice(0, alternates)];
  return named.map((each) => selectionOf(each, resources));
}

/** The names of the chosen hosts, each once: `host1,host2`. */
function hostsOf(choices: readonly Choice[]): string {
  return [...new Set(choices.map(({ host }) => host.host))].join(',');
}

/** The placement API version that defines the form of `allocation_request`. */
const ALLOCATION_REQUEST_VERSION = '1.36';

/** The host as a destination, with what to claim there. No limits are set: the claim checks the room. */
export function selectionOf(host: HostState, resources: ResourceAmounts): Selection {
  return new Selection({
    compute_node_uuid: host.uuid,
    service_host: host.host,
    nodename: host.nodename,
    cell_uuid: CELL_UUID,
    limits: new SchedulerLimits({ numa_topology: null, vcpu: null, disk_gb: null, memory_mb: null }),
    allocation_request: pythonJson({
      allocations: { [host.uuid]: { resources } },
      mappings: { '': [host.uuid] },
    }),
    allocation_request_version: ALLOCATION_REQUEST_VERSION,
    availability_zone: host.availabilityZone,
  });
}

/** The text that Python's json.dumps makes: with a space after each comma and colon. */
function pythonJson(value: JsonValue): string {
  return JSON.stringify(value, null, 1)
    .replace(/([[{])\n\s*/g, '$1')
    .replace(/\n\s*([\]}])/g, '$1')
    .replace(/\n\s*/g, ' ');
}

/** A destination for callers that do not know Selection objects. Limits that are not set are left out. */
export function dictOf({ service_host, nodename, limits }: Selection): DestinationDict {
  const set = Object.entries(limits?.values() ?? {}).filter(([, limit]) => limit !== null);
  return {
    host: service_host,
    nodename,
    limits: Object.fromEntries(
      set.map(([name, limit]) => [
        name,
        limit instanceof NovaObject ? limit.toPrimitive() : (limit as number),
      ]),
    ),
  };
}
