import type { ResourceAmounts } from '../scheduler/placement/resources.ts';

/** What each instance uses of one node, as the host counts it. */
export class NodeUsage {
  readonly #usage = new Map<string, ResourceAmounts>();
  /** Of all instances, by resource class: kept, for there may be thousands. */
  readonly #totals = new Map<string, number>();
  /** Builds under way: they count until they end, whatever the records say. */
  readonly #claimed = new Set<string>();
  /** Changed since the recount under way read its records. */
  #changed: Set<string> | undefined;

  /** The sum over all instances. */
  total(resourceClass: string): number {
    return this.#totals.get(resourceClass) ?? 0;
  }

  has(instanceUuid: string): boolean {
    return this.#usage.has(instanceUuid);
  }

  get instances(): number {
    return this.#usage.size;
  }

  /** Builds under way. */
  get workload(): number {
    return this.#claimed.size;
  }

  claim(instanceUuid: string, amounts: ResourceAmounts): void {
    this.#set(instanceUuid, amounts);
    this.#claimed.add(instanceUuid);
    this.#changed?.add(instanceUuid);
  }

  /** The build is done: from now on the instance counts as long as its record is on this host. */
  settle(instanceUuid: string): void {
    this.#claimed.delete(instanceUuid);
    this.#changed?.add(instanceUuid);
  }

  release(instanceUuid: string): void {
    this.#set(instanceUuid, undefined);
    this.#claimed.delete(instanceUuid);
    this.#changed?.add(instanceUuid);
  }

  /** Replaces the count by what `read` finds in the records; what changes here meanwhile stays as changed. */
  async recount(read: () => Promise<Map<string, ResourceAmounts>>): Promise<void> {
    const changed = new Set<string>();
    this.#changed = changed;
    try {
      const counted = await read();
      const keep = (uuid: string) => changed.has(uuid) || this.#claimed.has(uuid);
      for (const uuid of this.#usage.keys())
        if (!keep(uuid) && !counted.has(uuid)) this.#set(uuid, undefined);
      for (const [uuid, amounts] of counted) if (!keep(uuid)) this.#set(uuid, amounts);
    } finally {
      this.#changed = undefined;
    }
  }

  #set(instanceUuid: string, amounts: ResourceAmounts | undefined): void {
    this.#add(this.#usage.get(instanceUuid), -1);
    this.#add(amounts, 1);
    if (amounts === undefined) this.#usage.delete(instanceUuid);
    else this.#usage.set(instanceUuid, amounts);
  }

  #add(amounts: ResourceAmounts = {}, sign: 1 | -1): void {
    for (const [resourceClass, amount] of Object.entries(amounts)) {
      this.#totals.set(resourceClass, this.total(resourceClass) + sign * amount);
    }
  }
}
