import type { computeTaskRpc } from '@mini-nova/conductor/rpcapi';
import type { BuildRequestStore } from '@mini-nova/data/build-requests/store';
import { DatabaseUnavailable } from '@mini-nova/database';
import { NoValidHost } from '@mini-nova/domain/exceptions';
import type { FilterProperties } from '@mini-nova/domain/filter-properties';
import { outlastDatabase } from '@mini-nova/domain/outage-retry';
import type { ArgsOf, RpcContext } from '@mini-nova/messaging';
import type { RequestSpec, Selection } from '@mini-nova/objects';
import type { SchedulerAPI } from '@mini-nova/scheduler/rpcapi';
import type { BuildDispatch } from './build-dispatch.ts';
import { type FailedBuilds, isScheduling } from './failed-builds.ts';
import type { SchedulingLine } from './scheduling-line.ts';

type Args = ArgsOf<typeof computeTaskRpc, 'scheduleAndBuildInstances'>;

interface Build {
  uuid: string;
  spec: RequestSpec;
}

export interface FirstBuildOptions {
  buildRequests: BuildRequestStore;
  scheduler: SchedulerAPI;
  dispatch: BuildDispatch;
  failedBuilds: FailedBuilds;
  /** Hosts that a build may try in all. */
  maxAttempts: () => number;
  /** Where builds wait for their turn with the scheduler. */
  line: SchedulingLine;
}

/** From the user's request to the first host. */
export class FirstBuild {
  readonly #options: FirstBuildOptions;

  constructor(options: FirstBuildOptions) {
    this.#options = options;
  }

  /** Each instance goes to a host, or ends in ERROR with a fault. */
  async run(ctxt: RpcContext, args: Args): Promise<void> {
    const uuids = args.build_requests.map(({ instance_uuid }) => instance_uuid);
    const { builds, hostLists } = await this.#options.line.run(uuids, () => this.#schedule(ctxt, args));
    for (const [index, build] of builds.entries()) {
      await this.#start(ctxt, args, build, hostLists[index] ?? []);
    }
  }

  /** What has been deleted while it waited is not there to be taken, and nobody is asked for a host for it. */
  async #schedule(ctxt: RpcContext, args: Args): Promise<{ builds: Build[]; hostLists: Selection[][] }> {
    const builds = await this.#takeRequests(args);
    const hostLists = await this.#select(ctxt, builds);
    return hostLists === undefined ? { builds: [], hostLists: [] } : { builds, hostLists };
  }

  /**
   * A request that is gone was deleted by the user, or taken by a conductor that got the same message: who deletes
   * it owns the instance.
   */
  async #takeRequests({ build_requests, request_specs }: Args): Promise<Build[]> {
    const builds: Build[] = [];
    for (const [index, { instance_uuid: uuid }] of build_requests.entries()) {
      const spec = request_specs[index];
      if (spec && (await this.#takeRequest(uuid))) builds.push({ uuid, spec });
    }
    return builds;
  }

  /**
   * One that is gone after an answer was lost was most likely taken here. If not, two send the build, and the computes let
   * one of them begin.
   */
  async #takeRequest(uuid: string): Promise<boolean> {
    let lost = false;
    return outlastDatabase(async () => {
      try {
        return (await this.#options.buildRequests.delete(uuid)) || lost;
      } catch (error) {
        lost ||= error instanceof DatabaseUnavailable && error.outcome === 'unknown';
        throw error;
      }
    });
  }

  /** Undefined: none was found, and the instances have been ended. */
  async #select(ctxt: RpcContext, builds: Build[]): Promise<Selection[][] | undefined> {
    const [first] = builds;
    if (!first) return [];
    const request = { instance_uuids: builds.map(({ uuid }) => uuid), spec_obj: first.spec };
    try {
      // Asked again, the scheduler stays with the claims it made when its answer was lost.
      const { scheduler, line } = this.#options;
      return await outlastDatabase(() => line.ask(() => scheduler.selectDestinations(ctxt, request)));
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
      const order = {
        image,
        request_spec: spec,
        filter_properties: this.#filterProperties(selected),
        admin_password,
        injected_files,
        requested_networks,
      };
      await outlastDatabase(() => dispatch.send(ctxt, uuid, { selected, alternates }, order));
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
