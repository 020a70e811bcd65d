import type { ConductorAPI } from '@mini-nova/conductor/rpcapi';
import type { JsonObject, Logger, RpcContext } from '@mini-nova/messaging';
import type { ComputeNode } from '@mini-nova/objects';
import { RequestContext } from '@mini-nova/service';
import type { NodeIdentities } from './resources/node-identities.ts';

export interface OwnRecordsOptions {
  host: string;
  conductor: ConductorAPI;
  identities: NodeIdentities;
  logger: Logger;
}

/** Why nothing is destroyed here at present. */
export interface Suspension {
  since: Date;
  reason: string;
}

/**
 * Whether the conductor's database is the one that knows this compute. A database that was emptied, or restored to an
 * older state, lacks the compute's own records, so what it says of guests is no reason to destroy any. Then nothing is
 * destroyed here until the records are back, or an operator accepts them as they are. Meanwhile the compute registers
 * under a new uuid and can be used; the first uuid is kept across restarts.
 *
 * A record marked as deleted is not missing: an operator removed it.
 */
export class OwnRecords {
  readonly #options: OwnRecordsOptions;
  /** The uuid under which each node is recorded now. */
  readonly #recorded = new Map<string, string>();
  /** For each missing record, the reason. */
  readonly #missing = new Map<string, string>();
  /** Instances built since the start: they belong to the present records. */
  readonly #built = new Set<string>();
  #isRegistered = false;
  #suspension: Suspension | undefined;

  constructor(options: OwnRecordsOptions) {
    this.#options = options;
  }

  /** Undefined: the records are this compute's own. */
  get suspension(): Suspension | undefined {
    return this.#suspension;
  }

  /** Whether the instance's guest may be destroyed if its record says so. */
  mayDestroy(instanceUuid: string): boolean {
    return this.#suspension === undefined || this.#built.has(instanceUuid);
  }

  noteBuild(instanceUuid: string): void {
    if (this.#suspension) this.#built.add(instanceUuid);
  }

  /** The service has a record from now on. */
  registered(): void {
    this.#isRegistered = true;
  }

  /** Judges the node by its record. Call this before the node is recorded again. */
  async examine(ctxt: RpcContext, nodename: string, stored: ComputeNode | undefined): Promise<void> {
    const expected = this.#options.identities.read(nodename);
    const isOurs = expected === undefined || expected === stored?.uuid || (await this.#wasDeleted(expected));
    const found = stored === undefined ? 'there is none' : `there is ${stored.uuid}`;
    this.#judge(nodename, isOurs ? undefined : `node ${nodename} was recorded as ${expected}, and ${found}`);
    if (this.#isRegistered) await this.#examineService(ctxt);
  }

  /** The node is now recorded under this uuid, which is kept if the node's record was not missing. */
  recorded(nodename: string, uuid: string): void {
    this.#recorded.set(nodename, uuid);
    if (!this.#missing.has(nodename)) this.#remember(nodename, uuid);
  }

  /** Asks the conductor. True: guests of instances recorded as deleted may be destroyed now. */
  async confirm(ctxt: RpcContext): Promise<boolean> {
    const { conductor, host } = this.#options;
    for (const nodename of this.#recorded.keys()) {
      await this.examine(ctxt, nodename, await conductor.computeNodeGet(ctxt, host, nodename));
    }
    return this.#suspension === undefined;
  }

  /** An operator says that the present records are the right ones. */
  accept(): void {
    for (const [nodename, uuid] of this.#recorded) {
      this.#remember(nodename, uuid);
      this.#judge(nodename, undefined);
    }
  }

  report(): JsonObject {
    const { since, reason } = this.#suspension ?? {};
    return {
      nodes: Object.fromEntries(this.#recorded),
      destruction_suspended_since: since?.toISOString() ?? null,
      reason: reason ?? null,
    };
  }

  async #examineService(ctxt: RpcContext): Promise<void> {
    const { conductor, host } = this.#options;
    const exists = (await conductor.serviceGet(ctxt, host, 'nova-compute')) !== undefined;
    this.#judge('service', exists ? undefined : `the service nova-compute on ${host} has no record`);
  }

  async #wasDeleted(nodeUuid: string): Promise<boolean> {
    const ctxt = RequestContext.admin({ read_deleted: 'yes' });
    return (await this.#options.conductor.computeNodeRecord(ctxt, nodeUuid))?.deleted === true;
  }

  #judge(what: string, reason: string | undefined): void {
    if (reason === undefined) this.#missing.delete(what);
    else this.#missing.set(what, reason);
    if (this.#missing.size > 0) this.#suspend([...this.#missing.values()].join('; '));
    else this.#resume();
  }

  #suspend(reason: string): void {
    const { host, logger } = this.#options;
    if (this.#suspension?.reason === reason) return;
    this.#suspension = { since: this.#suspension?.since ?? new Date(), reason };
    logger.error(
      { host, reason },
      `The records of this compute are missing: nothing is destroyed here until they are back. If its conductor has the wrong database, give it the right one; if this one is right, run: nova-manage guest accept-records --host ${host}`,
    );
  }

  #resume(): void {
    if (!this.#suspension) return;
    this.#suspension = undefined;
    this.#built.clear();
    this.#options.logger.warn({ host: this.#options.host }, 'The records of this compute are there again');
  }

  #remember(nodename: string, uuid: string): void {
    const { identities, logger } = this.#options;
    if (identities.read(nodename) === uuid) return;
    try {
      identities.write(nodename, uuid);
    } catch (error) {
      logger.error(
        { node: nodename, err: error },
        'The uuid of the node cannot be kept: after a restart this compute will not notice that its records are missing',
      );
    }
  }
}
