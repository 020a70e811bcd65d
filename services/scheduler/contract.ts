import type { RequestSpec, Selection } from '@mini-nova/objects';

/** Nova 26's scheduler RPC API 4.5. Topic `scheduler`, no namespace. */
export type SchedulerContract = {
  /** For each instance its claimed destination, followed by alternates (not claimed). */
  select_destinations: {
    args: {
      instance_uuids: string[];
      spec_obj: RequestSpec;
      return_objects: boolean;
      return_alternates: boolean;
    };
    result: Selection[][];
  };
};
