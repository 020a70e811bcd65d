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
  /** All get the same flavor and rules. */
  instanceUuids: readonly string[];
  /** Further hosts to name for each instance, at most. */
  alternates: number;
  /** Who waits for the answer. */
  caller?: Caller & Pick<RpcRequest, 'onUnanswered'>;
}

/** Where the instances of a request are to go. */
interface Plan {
  choices: readonly Choice[];
  resources: ResourceAmounts;
  /** How many hosts the request allowed. */
  considered: number;
  /** Hosts that would do as well, best first. */
  others: readonly HostState[];
}

interface Placed {
  plan: Plan;
  made: MadeClaims;
}

/** How often a request that lost a race is planned anew before it keeps all others off while it is placed. */
const RACES = 4;
/** Milliseconds after the first of them, on average half of it; doubled for each further one. */
const PAUSE = 10;

/** Chooses hosts by filters and weighers, and claims what the instances need there. */
export class FilterScheduler {
  readonly #options: FilterSchedulerOptions;

  constructor(options: FilterSchedulerOptions) {
    this.#options = options;
  }

  /**
   * For each instance its host, claimed, and alternates, not claimed; nothing for one that has ended (deleted, in
   * ERROR). An instance that holds a claim already (the answer to an earlier request was lost) stays on that host if it
   * still passes.
   * @throws NoValidHost when any of the instances cannot be placed; then none is
   * @throws the reason when nobody waits for the answer any more; then nothing is claimed
   */
  async selectDestinations(destinations: Destinations): Promise<Selection[][]> {
    const attributes = { 'nova.instance.count': destinations.instanceUuids.length };
    return withSpan('select destinations', { attributes }, () => this.#select(destinations));
  }

  async #select(destinations: Destinations): Promise<Selection[][]> {
    const { instanceUuids, alternates, caller } = destinations;
    const { plan, made } = await this.#place(destinations);
    await this.#stayWith(made, caller);
    annotateSpan({ 'nova.scheduler.hosts_considered': plan.considered });
    annotateSpan({ 'nova.scheduler.hosts_chosen': hostsOf(plan.choices) });
    const hosts = new Map(plan.choices.map(({ instanceUuid, host }) => [instanceUuid, host]));
    return instanceUuids.map((uuid) => selectionsOf(plan, hosts.get(uuid), alternates));
  }

  /** What was claimed for a caller that is gone is given back: now, or when it turns out that nobody gets the answer. */
  async #stayWith(made: MadeClaims, caller: Destinations['caller']): Promise<void> {
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
      // The conductor's periodic clean-up finds it.
      logger.error({ ...data, err: error }, 'could not give back what was claimed for a caller that is gone');
    }
  }

  /**
   * Plans on one reading of all hosts, and claims the whole plan if it still holds. Otherwise another request was
   * faster, and got on for it: there may be room elsewhere.
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

  /** Holds every provider while it plans and claims, so that there is no race to lose. */
  async #placeAlone(trx: Queryable, destinations: Destinations): Promise<Placed> {
    await lockConsumers(trx, destinations.instanceUuids);
    const hosts = await this.#options.hostManager.readHostStates(trx);
    await lockProviders(
      trx,
      hosts.map(({ uuid }) => uuid),
    );
    const plan = await this.#plan(trx, destinations);
    const made = await claimPlan(trx, plan, destinations.caller);
    // Only where hosts came or went between the readings.
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

/** The claims are undone with the transaction when nobody waits for them any more. */
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

/** Each once, as one text: `host1,host2`. */
function hostsOf(choices: readonly Choice[]): string {
  return [...new Set(choices.map(({ host }) => host.host))].join(',');
}

/** The placement API version whose form `allocation_request` has. */
const ALLOCATION_REQUEST_VERSION = '1.36';

/** The host as a destination, with what to claim there. Limits are left to the claim. */
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

/** The text that Python's json.dumps makes: a blank after each comma and colon. */
function pythonJson(value: JsonValue): string {
  return JSON.stringify(value, null, 1)
    .replace(/([[{])\n\s*/g, '$1')
    .replace(/\n\s*([\]}])/g, '$1')
    .replace(/\n\s*/g, ' ');
}

/** As callers know a destination who do not know Selection objects. A limit that is not set is left out. */
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
