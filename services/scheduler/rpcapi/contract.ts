import type { JsonObject } from '@mini-nova/messaging';
import type { RequestSpec, Selection } from '@mini-nova/objects';

/** Nova 26's scheduler RPC API 4.5. Topic `scheduler`, no namespace. */
export type SchedulerContract = {
  /**
   * For each instance its claimed destination, followed by alternates (not claimed); nothing for one that was deleted or
   * is in ERROR. Who does not ask for objects, as before 4.5, gets the destinations alone.
   */
  select_destinations: {
    args: {
      instance_uuids: string[];
      spec_obj: RequestSpec;
      return_objects?: boolean;
      return_alternates?: boolean;
    };
    result: Selection[][] | DestinationDict[];
  };
};

/** A destination as callers knew it before there was a Selection. */
export interface DestinationDict {
  host: string;
  nodename: string;
  limits: JsonObject;
}
