import type { computeTaskRpc } from '@mini-nova/conductor/rpcapi';
import type { Database } from '@mini-nova/data/database';
import { RequestSpecStore } from '@mini-nova/data/request-specs/store';
import { BuildAbortException, MaxRetriesExceeded } from '@mini-nova/domain/exceptions';
import type { FilterProperties } from '@mini-nova/domain/filter-properties';
import { outlastDatabase } from '@mini-nova/domain/outage-retry';
import type { ArgsOf, RpcContext } from '@mini-nova/messaging';
import type { RequestSpec, Selection } from '@mini-nova/objects';
import { claimResources } from '@mini-nova/placement/allocations';
import type { SchedulerAPI } from '@mini-nova/scheduler/rpcapi';
import { type FailedBuilds, isScheduling } from '../failed-builds.ts';
import type { SchedulingLine } from '../scheduling-line.ts';
import { allocationsAsked, type BuildDispatch } from './build.ts';

type Args = ArgsOf<typeof computeTaskRpc, 'buildInstances'>;
type Retry = NonNullable<FilterProperties['retry']>;

export interface BuildRetryOptions {
  db: Database;
  scheduler: SchedulerAPI;
  /** Where builds wait for their turn with the scheduler. */
  line: SchedulingLine;
  dispatch: BuildDispatch;
  failedBuilds: FailedBuilds;
  /** Hosts that a build may try in all. */
  maxAttempts: () => number;
}

/** From a host that failed to the next alternate. */
export class BuildRetry {
  readonly #options: BuildRetryOptions;

  constructor(options: BuildRetryOptions) {
    this.#options = options;
  }

  /** Each instance goes to another host, or ends in ERROR with a fault that names its last failure. */
  async run(ctxt: RpcContext, args: Args): Promise<void> {
    for (const [index, { uuid }] of args.instances.entries()) {
      try {
        // When it is run again, it finds what it has claimed.
        await outlastDatabase(() =>
          this.#next(ctxt, args, uuid, args.host_lists && (args.host_lists[index] ?? [])),
        );
      } catch (error) {
        await this.#options.failedBuilds.tryToEnd(uuid, error, isScheduling);
      }
    }
  }

  /** `named`: what is left of the alternates; null when the sender knows of none, and leaves the choice to the scheduler. */
  async #next(
    ctxt: RpcContext,
    args: Args,
    uuid: string,
    named: Selection[] | null | undefined,
  ): Promise<void> {
    const { filter_properties } = args;
    const { retry } = filter_properties;
    this.#assertMayRetry(uuid, retry);
    const request_spec = args.request_spec ?? (await this.#recordedSpec(uuid));
    const hosts = named ?? (await this.#schedule(ctxt, uuid, request_spec, retry));
    const claimed = await this.#claimFirst(uuid, hosts);
    if (!claimed) throw exhausted(uuid, retry);
    const { image, admin_password, injected_files, requested_networks, security_groups } = args;
    await this.#options.dispatch.send(ctxt, uuid, claimed, {
      image,
      request_spec,
      filter_properties: { ...filter_properties, retry: withAttempt(retry, claimed.selected) },
      admin_password,
      injected_files,
      requested_networks,
      security_groups,
    });
  }

  /** @throws BuildAbortException when there is none */
  async #recordedSpec(uuid: string): Promise<RequestSpec> {
    const spec = await new RequestSpecStore(this.#options.db.kysely).findByInstanceUuid(uuid);
    if (spec) return spec;
    throw new BuildAbortException({ instance_uuid: uuid, reason: 'it has no request spec' });
  }

  /** Hosts that were not tried yet, of which the first is claimed. @throws NoValidHost */
  async #schedule(
    ctxt: RpcContext,
    uuid: string,
    spec: RequestSpec,
    retry: Retry | undefined,
  ): Promise<Selection[]> {
    const { scheduler, line } = this.#options;
    const tried = (retry?.hosts ?? []).map(([host]) => host);
    const { ignore_hosts = null } = spec.values();
    spec.ignore_hosts = [...new Set([...(ignore_hosts ?? []), ...tried])];
    const request = { instance_uuids: [uuid], spec_obj: spec };
    const ask = () => line.ask(() => scheduler.selectDestinations(ctxt, request));
    const [hosts = []] = await line.run([uuid], ask);
    return hosts;
  }

  /** Alternates were not claimed when they were chosen: the first that still has room is taken. */
  async #claimFirst(
    uuid: string,
    hosts: Selection[],
  ): Promise<{ selected: Selection; alternates: Selection[] } | undefined> {
    for (const [index, selected] of hosts.entries()) {
      const outcome = await claimResources(this.#options.db, {
        consumerUuid: uuid,
        allocations: allocationsAsked(selected),
      });
      if (outcome === 'ended') return undefined;
      if (outcome !== 'full') return { selected, alternates: hosts.slice(index + 1) };
    }
    return undefined;
  }

  #assertMayRetry(uuid: string, retry: Retry | undefined): void {
    const maxAttempts = this.#options.maxAttempts();
    if (retry === undefined || retry.num_attempts < maxAttempts) return;
    const reason = `Exceeded max scheduling attempts ${maxAttempts} for instance ${uuid}.`;
    throw failedFor(reason, retry);
  }
}

function withAttempt(retry: Retry | undefined, { service_host, nodename }: Selection): Retry {
  const { num_attempts = 0, hosts = [] } = retry ?? {};
  return { num_attempts: num_attempts + 1, hosts: [...hosts, [service_host, nodename]] };
}

function exhausted(uuid: string, retry: Retry | undefined): MaxRetriesExceeded {
  return failedFor(`Exhausted all hosts available for retrying build failures for instance ${uuid}.`, retry);
}

/** Says why the last host failed; its traceback becomes part of the fault's details. */
function failedFor(reason: string, retry: Retry | undefined): MaxRetriesExceeded {
  const { exc_reason, exc = [] } = retry ?? {};
  if (exc_reason === undefined) return new MaxRetriesExceeded({ reason });
  const cause = new Error(exc_reason);
  cause.stack = exc.join('');
  return new MaxRetriesExceeded({ reason: `${reason} Last exception: ${exc_reason}` }, { cause });
}
