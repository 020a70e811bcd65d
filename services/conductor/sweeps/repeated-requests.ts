/**
 * When this conductor asked computes again. It is not kept in the records: a note there would look like progress, and
 * delay their coming to rest. Other conductors ask as well, which does no harm.
 */
export class RepeatedRequests {
  /** By instance; by performance.now(). */
  readonly #asked = new Map<string, number>();

  /** Whether it is time to ask for this instance: nobody has in the last so many seconds. True counts as asked. */
  isDue(instanceUuid: string, seconds: number): boolean {
    const now = performance.now();
    const last = this.#asked.get(instanceUuid);
    if (last !== undefined && now - last < seconds * 1000) return false;
    this.#asked.set(instanceUuid, now);
    return true;
  }

  /** Forgets all but these. */
  retain(instanceUuids: ReadonlySet<string>): void {
    for (const uuid of this.#asked.keys()) if (!instanceUuids.has(uuid)) this.#asked.delete(uuid);
  }
}
