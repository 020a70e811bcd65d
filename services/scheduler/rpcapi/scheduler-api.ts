import { type VersionCapOption, versionCapOf } from '@mini-nova/domain/release-versions';
import {
  type ArgsOf,
  type ClientFactory,
  call,
  clientOf,
  defineRpc,
  type JsonObject,
  type RpcContext,
  type,
} from '@mini-nova/messaging';
import { type NovaObject, NovaObjectSerializer, type RequestSpec, type Selection } from '@mini-nova/objects';

/** A destination as it was before Selection objects. */
export interface DestinationDict {
  host: string;
  nodename: string;
  limits: JsonObject;
}

/** Nova 26's scheduler RPC API 4.5. */
export const schedulerRpc = defineRpc(
  { topic: 'scheduler', version: '4.5', serializer: NovaObjectSerializer },
  {
    /**
     * For each instance its claimed destination, followed by alternates (not claimed); nothing for one that was deleted or is
     * in ERROR. Callers that do not ask for objects, as before 4.5, get the destinations alone.
     */
    selectDestinations: call('select_destinations', {
      since: '4.5',
      to: 'topic',
      args: type<{
        instance_uuids: string[];
        spec_obj: RequestSpec;
        return_objects?: boolean;
        return_alternates?: boolean;
      }>(),
      defaults: { return_objects: true, return_alternates: true },
      result: type<Selection[][] | DestinationDict[]>(),
    }),
  },
);

const SchedulerClient = clientOf(schedulerRpc);

/** The client side of the scheduler RPC API. */
export class SchedulerAPI {
  readonly #client: InstanceType<typeof SchedulerClient>;

  /** `versionCap`: the version of the oldest scheduler that must understand the messages. */
  constructor(rpc: ClientFactory<NovaObject>, options: VersionCapOption = {}) {
    this.#client = new SchedulerClient(rpc, versionCapOf('scheduler', options));
  }

  /**
   * Claims a host for each instance: its selection, followed by alternates. For an instance that already holds a claim, the
   * answer is the same host if that still fits.
   * @throws NoValidHost; then nothing stays claimed
   */
  async selectDestinations(
    ctxt: RpcContext,
    args: Omit<ArgsOf<typeof schedulerRpc, 'selectDestinations'>, 'return_objects'>,
  ): Promise<Selection[][]> {
    return (await this.#client.selectDestinations(ctxt, args)) as Selection[][];
  }
}
