import { call, defineRpc, type JsonValue, type JsonWith, type } from '@mini-nova/messaging';
import { type NovaObject, NovaObjectSerializer } from '@mini-nova/objects';

/** What a method of an object takes and gives: JSON with objects in it. */
export type ObjectValue = JsonWith<NovaObject>;

/**
 * Nova's remotable objects: compute has no database, so it runs an object's class method (`get_by_uuid`) or
 * instance method (`save`) here.
 */
export const conductorRpc = defineRpc(
  { topic: 'conductor', version: '3.0', serializer: NovaObjectSerializer },
  {
    objectClassActionVersions: call('object_class_action_versions', {
      since: '3.0',
      to: 'topic',
      args: type<{
        objname: string;
        objmethod: string;
        /** The newest version of each object the caller understands. */
        object_versions: { [objname: string]: string };
        args: ObjectValue[];
        kwargs: { [name: string]: ObjectValue };
      }>(),
      result: type<ObjectValue>(),
    }),
    /** Gives the fields the method changed, in primitive form, with `obj_what_changed`; and the method's own result. */
    objectAction: call('object_action', {
      since: '3.0',
      to: 'topic',
      args: type<{
        objinst: NovaObject;
        objmethod: string;
        args: ObjectValue[];
        kwargs: { [name: string]: ObjectValue };
      }>(),
      result: type<[updates: { [field: string]: JsonValue }, result: ObjectValue]>(),
    }),
  },
);
