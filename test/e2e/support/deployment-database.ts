import { type Database, openDatabase } from '@mini-nova/data/database';

/** The tables behind a deployment, to see what no API shows. */
export class DeploymentDatabase {
  private readonly url: string;
  private opened: Promise<Database> | undefined;

  constructor(url: string) {
    this.url = url;
  }

  /** The instances that hold allocations, each once, sorted. */
  async consumers(): Promise<string[]> {
    const { kysely } = await this.open();
    const rows = await kysely.selectFrom('allocations').select('consumer_uuid').distinct().execute();
    return rows.map(({ consumer_uuid }) => consumer_uuid).sort();
  }

  /** The host of each allocation of an instance, each once. */
  async hostsHolding(consumer: string): Promise<string[]> {
    const { kysely } = await this.open();
    const rows = await kysely
      .selectFrom('allocations')
      .innerJoin('resource_providers', 'resource_providers.uuid', 'allocations.provider_uuid')
      .select('resource_providers.name')
      .where('consumer_uuid', '=', consumer)
      .distinct()
      .execute();
    return rows.map(({ name }) => name);
  }

  /** Addresses that are still bound to instances. */
  async boundPorts(): Promise<number> {
    const { kysely } = await this.open();
    const rows = await kysely
      .selectFrom('ports')
      .select('uuid')
      .where('device_uuid', 'is not', null)
      .execute();
    return rows.length;
  }

  async close(): Promise<void> {
    if (this.opened !== undefined) await (await this.opened).close();
    this.opened = undefined;
  }

  private open(): Promise<Database> {
    this.opened ??= openDatabase(this.url);
    return this.opened;
  }
}
