import { type Database, databaseTimestamp, updateInstance } from '@mini-nova/database';
import type { RpcContext } from '@mini-nova/messaging';
import type { RequestSpec, Selection } from '@mini-nova/objects';
import type { FilterProperties } from '../compute/contract.ts';
import { TaskState } from '../compute/task-states.ts';
import { VmState } from '../compute/vm-states.ts';
import { NoValidHost } from '../exceptions.ts';
import { type OutageRetryOptions, retryOnOutage } from '../outage-retry.ts';
import type { SchedulerAPI } from '../scheduler/rpcapi.ts';
import type { BuildRequestStore } from '../stores/build-request-store.ts';
import type { BuildDispatch } from './build-dispatch.ts';
import type { ComputeTaskContract } from './contract.ts';
import { type FailedBuilds, isScheduling } from './failed-builds.ts';

type Args = ComputeTaskContract['schedule_and_build_instances']['args'];

interface Build {
  uuid: string;
  spec: RequestSpec;
}

export interface FirstBuildOptions {
  db: Database;
  buildRequests: BuildRequestStore;
  scheduler: SchedulerAPI;
  dispatch: BuildDispatch;
  failedBuilds: FailedBuilds;
  /** Hosts that a build may try in all. */
  maxAttempts: () => number;
  /** How long a scheduler that does not answer is asked again. */
  schedulerRetry: OutageRetryOptions;
}

/** From the user's request to the first host. */
export class FirstBuild {
  readonly #options: FirstBuildOptions;

  constructor(options: FirstBuildOptions) {
    this.#options = options;
  }

  /** Shows in the records that the builds wait for their turn, and are not lost. */
  async wait({ build_requests }: Args): Promise<void> {
    const { db } = this.#options;
    const updated_at = databaseTimestamp(db.kysely);
    const scheduling = { vmState: [VmState.BUILDING], taskState: [TaskState.SCHEDULING] };
    for (const { instance_uuid } of build_requests) {
      await updateInstance(db.kysely, instance_uuid, { updated_at }, scheduling);
    }
  }

  /** Each instance goes to a host, or ends in ERROR with a fault. */
  async run(ctxt: RpcContext, args: Args): Promise<void> {
    const builds = await this.#takeRequests(args);
    if (builds.length === 0) return;
    const hostLists = await this.#select(ctxt, builds);
    for (const [index, build] of builds.entries()) {
      await this.#start(ctxt, args, build, hostLists?.[index] ?? []);
    }
  }

  /**
   * A request that is gone was deleted by the user, or taken by a conductor that got the same message: who deletes
   * it owns the instance.
   */
  async #takeRequests({ build_requests, request_specs }: Args): Promise<Build[]> {
    const builds: Build[] = [];
    for (const [index, { instance_uuid: uuid }] of build_requests.entries()) {
      const spec = request_specs[index];
      if (spec && (await this.#options.buildRequests.delete(uuid))) builds.push({ uuid, spec });
    }
    return builds;
  }

  /** Undefined: none was found, and the instances have been ended. */
  async #select(ctxt: RpcContext, builds: Build[]): Promise<Selection[][] | undefined> {
    const [first] = builds;
    if (!first) return undefined;
    const request = { instance_uuids: builds.map(({ uuid }) => uuid), spec_obj: first.spec };
    try {
      // Asked again, the scheduler stays with the claims it made when its answer was lost.
      const { scheduler, schedulerRetry } = this.#options;
      return await retryOnOutage(() => scheduler.selectDestinations(ctxt, request), schedulerRetry);
    } catch (error) {
      for (const { uuid } of builds) await this.#options.failedBuilds.tryToEnd(uuid, error, isScheduling);
      return undefined;
    }
  }

  async #start(ctxt: RpcContext, args: Args, { uuid, spec }: Build, hosts: Selection[]): Promise<void> {
    const { dispatch, failedBuilds } = this.#options;
    const { image, admin_password, injected_files, requested_networks } = args;
    const [selected, ...alternates] = hosts;
    try {
      if (!selected) throw new NoValidHost({ reason: 'The scheduler named no host.' });
      await dispatch.send(
        ctxt,
        uuid,
        { selected, alternates },
        {
          image,
          request_spec: spec,
          filter_properties: this.#filterProperties(selected),
          admin_password,
          injected_files,
          requested_networks,
        },
      );
    } catch (error) {
      await failedBuilds.tryToEnd(uuid, error, isScheduling);
    }
  }

  /** Without retry information a failed build is not sent on. */
  #filterProperties({ service_host, nodename }: Selection): FilterProperties {
    if (this.#options.maxAttempts() <= 1) return { limits: {} };
    return { limits: {}, retry: { num_attempts: 1, hosts: [[service_host, nodename]] } };
  }
}
