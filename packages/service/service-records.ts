/** What a service says about itself when it starts. */
export interface ServiceInfo {
  host: string;
  /** `nova-compute`. */
  binary: string;
  topic: string;
  /** The version of the service's code, for rolling upgrades; 0 when unknown. */
  version: number;
}

/**
 * The service's record, by which others know that it runs. Services with a database write it themselves, computes do
 * so through the conductor.
 */
export interface ServiceRecords {
  /** Creates the record, or takes over the one of this host and binary from an earlier run. */
  register(info: ServiceInfo): Promise<void>;
  /**
   * Says that the service is alive.
   * @throws ServiceRecordMissing when the record is gone; the service then registers again
   */
  heartbeat(): Promise<void>;
  /** Says that the service has stopped in an orderly way: it counts as down at once. Only after `register`. */
  stopped(): Promise<void>;
  /**
   * Seconds by which this machine's clock was ahead of the one that dates the records at the last report, negative
   * when behind. Null or absent: unknown.
   */
  readonly clockSkew?: number | null;
}

/** The service's record was deleted while the service ran. */
export class ServiceRecordMissing extends Error {
  override readonly name = 'ServiceRecordMissing';
  readonly code = 'SERVICE_RECORD_MISSING';
  readonly host: string;
  readonly binary: string;

  constructor({ host, binary }: Pick<ServiceInfo, 'host' | 'binary'>, options?: ErrorOptions) {
    super(`There is no service record of ${binary} on host ${host}`, options);
    this.host = host;
    this.binary = binary;
  }
}
