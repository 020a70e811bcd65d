import type { ComputeAPI } from '@mini-nova/compute/rpcapi';
import type { computeTaskRpc } from '@mini-nova/conductor/rpcapi';
import type { BuildRequestStore } from '@mini-nova/data/build-requests/store';
import type { Database } from '@mini-nova/data/database';
import type { InstanceStore } from '@mini-nova/data/instances/store';
import type { OutageRetryOptions } from '@mini-nova/domain/outage-retry';
import type { ArgsOf, EndpointOf, Logger } from '@mini-nova/messaging';
import type { SchedulerAPI } from '@mini-nova/scheduler/rpcapi';
import type { RequestContext } from '@mini-nova/service';
import { FailedBuilds } from './failed-builds.ts';
import { BuildDispatch, FirstBuild } from './operations/build.ts';
import { BuildRetry } from './operations/build-retry.ts';
import type { SilentComputes } from './scheduling-line.ts';
import { SchedulingLine } from './scheduling-line.ts';

export interface ComputeTaskManagerOptions {
  db: Database;
  instances: InstanceStore;
  buildRequests: BuildRequestStore;
  scheduler: SchedulerAPI;
  compute: ComputeAPI;
  /**
   * Present values: how many hosts a build may try in all, and for how many seconds it may make no progress; 0: no
   * limit.
   */
  config: {
    readonly scheduler: { readonly max_attempts: number };
    readonly DEFAULT: { readonly instance_build_timeout: number };
  };
  /** Default: two attempts, and as many as fit into 30 s. */
  schedulerRetry?: OutageRetryOptions;
  /** Rejects when the message bus is away. Default: it never is. */
  bus?: () => Promise<void>;
  /** Default: computes that count as down are down. */
  silentComputes?: SilentComputes;
  logger: Logger;
}

type Args<M extends keyof typeof computeTaskRpc.methods> = ArgsOf<typeof computeTaskRpc, M>;

/** Takes builds from the user's request to a compute, and from one that failed to the next. */
export class ComputeTaskManager implements EndpointOf<typeof computeTaskRpc, RequestContext> {
  readonly #firstBuild: FirstBuild;
  readonly #buildRetry: BuildRetry;

  constructor(options: ComputeTaskManagerOptions) {
    const { db, buildRequests, scheduler, config } = options;
    const { schedulerRetry = { attempts: 2, patience: 30 } } = options;
    const maxAttempts = () => config.scheduler.max_attempts;
    const buildTimeout = () => config.DEFAULT.instance_build_timeout;
    const dispatch = new BuildDispatch(options);
    const failedBuilds = new FailedBuilds(options);
    const line = new SchedulingLine({ ...options, schedulerRetry, buildTimeout });
    this.#firstBuild = new FirstBuild({
      buildRequests,
      scheduler,
      line,
      dispatch,
      failedBuilds,
      maxAttempts,
    });
    this.#buildRetry = new BuildRetry({
      db,
      scheduler,
      line,
      dispatch,
      failedBuilds,
      maxAttempts,
    });
  }

  async scheduleAndBuildInstances(
    ctxt: RequestContext,
    args: Args<'scheduleAndBuildInstances'>,
  ): Promise<null> {
    await this.#firstBuild.run(ctxt, args);
    return null;
  }

  async buildInstances(ctxt: RequestContext, args: Args<'buildInstances'>): Promise<null> {
    await this.#buildRetry.run(ctxt, args);
    return null;
  }
}
