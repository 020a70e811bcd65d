import { randomUUID } from 'node:crypto';
import { ConductorServiceRecords } from '@mini-nova/compute/service-records';
import {
  DuplicateEntry,
  HostBinaryNotFound,
  InstanceNotFound,
  InstanceUpdateConflict,
  MigrationNotFound,
  ObjectActionError,
  ServiceBinaryExists,
  UnexpectedDeletingTaskStateError,
  UnexpectedTaskStateError,
} from '@mini-nova/domain/exceptions';
import { type JsonValue, MessagingTimeout, Target } from '@mini-nova/messaging';
import {
  IncompatibleObjectVersion,
  Instance,
  InstanceFault,
  InstanceList,
  Migration,
  type MigrationList,
  objectVersions,
  Service,
  Tag,
  UnsupportedObject,
} from '@mini-nova/objects';
import { type ReadDeleted, RequestContext, ServiceRecordMissing } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { type Loss, lossyDriver } from '@mini-nova/services-testing/lossy-driver';
import { newComputeNode, newMigration } from '@mini-nova/services-testing/new-objects';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConductorAPI } from './rpcapi/conductor-api.ts';

const ctxt = RequestContext.admin();
let cloud: Cloud;
let conductor: ConductorAPI;

beforeEach(async () => {
  cloud = await Cloud.start({ hosts: {} });
  conductor = new ConductorAPI(cloud.rpc);
});

describe('instances through the conductor', () => {
  it('are read by uuid and by host', async () => {
    const instance = await cloud.recordOne();
    Object.assign(instance, { host: 'host1' });
    await cloud.instances.save(instance);
    await cloud.recordOne();

    expect(await conductor.instanceGetByUuid(ctxt, instance.uuid)).toBeInstanceOf(Instance);
    const listed = await conductor.instancesByHost(ctxt, 'host1');
    expect(listed.map(({ uuid }) => uuid)).toEqual([instance.uuid]);
  });

  it('are seen by users of their project, deleted ones only when they are asked for', async () => {
    const instance = await cloud.recordOne();
    const gone = await cloud.recordOne();
    await cloud.instances.destroy(gone);
    const user = (project_id: string) => new RequestContext({ user_id: 'u1', project_id });
    const deleted = (read_deleted: 'no' | 'yes' | 'only') => RequestContext.admin({ read_deleted });

    expect(await conductor.instanceGetByUuid(user('p1'), instance.uuid)).toMatchObject({
      uuid: instance.uuid,
    });
    await expect(conductor.instanceGetByUuid(user('p2'), instance.uuid)).rejects.toThrow(InstanceNotFound);
    await expect(conductor.instanceGetByUuid(deleted('no'), gone.uuid)).rejects.toThrow(InstanceNotFound);
    expect(await conductor.instanceGetByUuid(deleted('yes'), gone.uuid)).toMatchObject({ deleted: true });
    expect(await conductor.instanceGetByUuid(deleted('only'), gone.uuid)).toMatchObject({ deleted: true });
    await expect(conductor.instanceGetByUuid(deleted('only'), instance.uuid)).rejects.toThrow(
      InstanceNotFound,
    );
  });

  it('come in the version that is asked for', async () => {
    const { uuid } = await cloud.recordOne();
    const read = (versions: Record<string, string>) =>
      cloud.rpc
        .getClient(new Target({ topic: 'conductor', version: '3.0' }))
        .call(ctxt, 'object_class_action_versions', {
          objname: 'Instance',
          objmethod: 'get_by_uuid',
          object_versions: { ...objectVersions(), ...versions },
          args: [uuid],
          kwargs: {},
        });
    const older = (await read({ Instance: '2.3', Flavor: '1.1' })) as Instance;
    expect(older.objVersion).toBe('2.3');
    expect(older.has('trusted_certs')).toBe(false);
    expect(older.flavor.objVersion).toBe('1.1');
    expect(((await read({})) as Instance).has('trusted_certs')).toBe(true);
    await expect(read({ Instance: '3.0' })).rejects.toThrow(IncompatibleObjectVersion);
    await expect(read({ Instance: '2.99' })).rejects.toThrow(IncompatibleObjectVersion);
  });

  it('are read several at once, deleted ones too when the context asks for them', async () => {
    const [living, deleted] = [await cloud.recordOne(), await cloud.recordOne()];
    await cloud.instances.destroy(deleted);
    const uuids = [living.uuid, deleted.uuid, randomUUID()];
    const read = async (read_deleted: ReadDeleted) => {
      const records = await conductor.instanceRecords(RequestContext.admin({ read_deleted }), uuids);
      return records.map(({ uuid }) => uuid).sort();
    };

    expect(await read('no')).toEqual([living.uuid]);
    expect(await read('yes')).toEqual([living.uuid, deleted.uuid].sort());
    expect(await read('only')).toEqual([deleted.uuid]);
  });

  it('are saved under a guard', async () => {
    const { uuid } = await cloud.recordOne();
    const instance = await conductor.instanceGetByUuid(ctxt, uuid);
    const save = (vmState: string[], taskState: (string | null)[]) =>
      conductor.instanceSave(ctxt, instance, { task_state: 'networking' }, { vmState, taskState });

    await expect(save(['building'], ['spawning', null])).rejects.toThrow(UnexpectedTaskStateError);
    expect(instance.task_state).toBe('scheduling');
    expect(instance.changes()).toEqual([]);

    await save(['building'], ['scheduling']);
    expect(instance.task_state).toBe('networking');
    expect(instance.changes()).toEqual([]);
    expect((await cloud.instances.getByUuid(uuid)).task_state).toBe('networking');
  });

  it('are written as the save says, also when an earlier save was stored although its answer was lost', async () => {
    const { uuid } = await cloud.recordOne();
    let loss: Loss | undefined = 'reply';
    const { rpc } = cloud.connect('lossy', (driver) => lossyDriver(driver, () => loss));
    const lossy = new ConductorAPI(rpc, { attempts: 1, patience: 0 });
    const instance = await conductor.instanceGetByUuid(ctxt, uuid);
    await expect(lossy.instanceSave(ctxt, instance, { host: 'host1' })).rejects.toThrow(MessagingTimeout);
    expect(instance.host).toBeNull();

    loss = undefined;
    await lossy.instanceSave(ctxt, instance, { host: null, task_state: 'networking' });

    expect(await cloud.instances.getByUuid(uuid)).toMatchObject({ host: null, task_state: 'networking' });
  });

  it('report that they are being deleted, or gone', async () => {
    const { uuid } = await cloud.recordOne();
    const instance = await cloud.request(uuid, 'deleting');
    const save = () =>
      conductor.instanceSave(ctxt, instance, { task_state: 'spawning' }, { taskState: ['networking'] });

    await expect(save()).rejects.toThrow(UnexpectedDeletingTaskStateError);
    await conductor.instanceDestroy(ctxt, instance);
    await expect(save()).rejects.toThrow(InstanceNotFound);
    await expect(conductor.instanceGetByUuid(ctxt, uuid)).rejects.toThrow(InstanceNotFound);
  });

  it('have faults', async () => {
    const { uuid } = await cloud.recordOne();
    const fault = new InstanceFault({
      instance_uuid: uuid,
      code: 500,
      message: 'm',
      details: 'd',
      host: null,
    });

    await conductor.faultCreate(ctxt, fault);

    expect(fault.id).toBeGreaterThan(0);
    expect(await cloud.fault(uuid)).toMatchObject({ code: 500, message: 'm', details: 'd' });
  });
});

describe('compute nodes through the conductor', () => {
  it('are recorded once, however often that is asked for', async () => {
    const first = newComputeNode();
    const second = newComputeNode({ vcpus: 16 });

    await conductor.computeNodeCreate(ctxt, first);
    await expect(conductor.computeNodeCreate(ctxt, second)).rejects.toThrow(DuplicateEntry);

    expect(await conductor.computeNodeGet(ctxt, 'host1', 'node1')).toMatchObject({
      uuid: first.uuid,
      vcpus: 8,
    });
    expect(await conductor.computeNodeGet(ctxt, 'host1', 'other')).toBeUndefined();
  });
});

describe('service records through the conductor', () => {
  const info = { host: 'host1', binary: 'nova-compute', topic: 'compute', version: 66 };
  const stored = () => cloud.services.getByHostAndBinary('host1', 'nova-compute');

  it('are taken over from an earlier run, and kept alive', async () => {
    await new ConductorServiceRecords(conductor).register(info);
    const records = new ConductorServiceRecords(conductor);
    await records.register({ ...info, version: 67 });
    await records.heartbeat();
    await records.heartbeat();

    expect([...(await cloud.services.list())]).toHaveLength(1);
    expect(await stored()).toMatchObject({ version: 67, report_count: 3, topic: 'compute' });
  });

  it('are found, or not, as Nova answers, and cannot be made twice', async () => {
    const service = () => new Service({ ...info });
    const args = ['host1', 'nova-compute'];
    await expect(conductor.objectClassAction(ctxt, Service, 'get_by_args', args)).rejects.toThrow(
      new HostBinaryNotFound({ host: 'host1', binary: 'nova-compute' }),
    );
    expect(await conductor.serviceGet(ctxt, 'host1', 'nova-compute')).toBeUndefined();

    await conductor.serviceCreate(ctxt, service());

    await expect(conductor.serviceCreate(ctxt, service())).rejects.toThrow(
      new ServiceBinaryExists({ host: 'host1', binary: 'nova-compute' }),
    );
    expect(await conductor.serviceGet(ctxt, 'host1', 'nova-compute')).toMatchObject({ version: 66 });
  });

  it('have the time of their deletion', async () => {
    const records = new ConductorServiceRecords(conductor);
    await records.register(info);
    const service = await stored();
    if (service) await cloud.services.delete(service);

    await expect(records.heartbeat()).rejects.toThrow(ServiceRecordMissing);
  });
});

describe('what the conductor does not have', () => {
  it('is refused: object methods, class methods, wrong arguments', async () => {
    const instance = await cloud.recordOne();

    for (const call of [
      conductor.objectAction(ctxt, new Tag({ tag: 't' }), 'create'),
      conductor.objectAction(ctxt, instance, 'constructor'),
      conductor.objectAction(ctxt, instance, 'save', { expected_task_state: 5 }),
      conductor.objectClassAction(ctxt, Tag, 'get_by_id', [1]),
      conductor.objectClassAction(ctxt, Instance, 'get_by_uuid', [5]),
      conductor.objectClassAction(ctxt, InstanceList, 'get_by_filters', [{ uuid: 'u', flavor: 'f' }]),
    ]) {
      await expect(call).rejects.toThrow(ObjectActionError);
    }
  });

  it("is refused with Nova's errors: an unknown class, an unexpected state", async () => {
    await expect(conductor.objectClassAction(ctxt, { objName: 'Nonsense' }, 'get', [])).rejects.toThrow(
      UnsupportedObject,
    );

    const instance = await cloud.recordOne();
    const save = conductor.instanceSave(ctxt, instance, { host: 'host1' }, { vmState: ['active'] });
    await expect(save).rejects.toThrow(InstanceUpdateConflict);
    await expect(save).rejects.not.toBeInstanceOf(UnexpectedTaskStateError);
  });
});

describe('migrations through the conductor', () => {
  it('are made, saved, and found by the hosts that they are under way between', async () => {
    const migration = newMigration({ ...(await recorded()), source_node: 'node1' });
    await conductor.migrationCreate(ctxt, migration);
    await expect(
      conductor.migrationCreate(ctxt, newMigration({ ...(await recorded()), uuid: migration.uuid })),
    ).rejects.toThrow(DuplicateEntry);
    const found = async (host: string, node: string) =>
      (await conductor.migrationsOfNode(ctxt, host, node)).map(({ uuid }) => uuid);
    expect(await found('host1', 'node1')).toEqual([migration.uuid]);
    expect(await found('host2', 'host2')).toEqual([migration.uuid]);
    expect(await found('host1', 'host2')).toEqual([]);

    await conductor.migrationSave(ctxt, migration, { status: 'confirmed' });

    expect(await found('host1', 'node1')).toEqual([]);
    const [stored] = await conductor.migrationsOfInstances(ctxt, [migration.instance_uuid ?? '']);
    expect(stored?.values()).toMatchObject({ uuid: migration.uuid, status: 'confirmed' });
    expect(stored?.changes()).toEqual([]);
  });

  async function recorded(): Promise<{ instance_uuid: string }> {
    return { instance_uuid: (await cloud.recordOne()).uuid };
  }

  it('are not made for an instance that is deleted', async () => {
    const instance = await cloud.recordOne();
    await conductor.instanceDestroy(ctxt, instance);

    const created = conductor.migrationCreate(ctxt, newMigration({ instance_uuid: instance.uuid }));
    await expect(created).rejects.toThrow(InstanceNotFound);

    expect((await cloud.migrations.list()).objects).toEqual([]);
  });

  it('are recorded once, also when an answer was lost', async () => {
    const { uuid: _none, ...values } = newMigration(await recorded()).values();
    const losses: Loss[] = ['reply'];
    const { rpc } = cloud.connect('lossy', (driver) => lossyDriver(driver, () => losses.shift()));

    const created = new ConductorAPI(rpc).migrationCreate(ctxt, new Migration(values));
    await expect(created).rejects.toThrow(DuplicateEntry);

    expect((await cloud.migrations.list()).objects).toHaveLength(1);
  });

  it('are read as Nova reads them', async () => {
    const migration = newMigration({
      ...(await recorded()),
      migration_type: 'live-migration',
      status: 'running',
    });
    await conductor.migrationCreate(ctxt, migration);
    const read = (objname: string, objmethod: string, args: JsonValue[]) =>
      conductor.objectClassAction(ctxt, { objName: objname }, objmethod, args);
    const { uuid, id, instance_uuid } = migration;

    expect(await read('Migration', 'get_by_uuid', [uuid])).toMatchObject({ uuid });
    expect(await read('Migration', 'get_by_id', [id])).toMatchObject({ uuid });
    await expect(read('Migration', 'get_by_uuid', [randomUUID()])).rejects.toThrow(MigrationNotFound);
    const listed = async (method: string, args: JsonValue[]) =>
      ((await read('MigrationList', method, args)) as MigrationList).objects.length;
    expect(await listed('get_in_progress_by_instance', [instance_uuid])).toBe(1);
    expect(await listed('get_in_progress_by_instance', [instance_uuid, 'live-migration'])).toBe(1);
    expect(await listed('get_in_progress_by_instance', [instance_uuid, 'resize'])).toBe(0);
    expect(await listed('get_by_filters', [{ host: 'host2', status: ['running', 'queued'] }])).toBe(1);
    expect(await listed('get_by_filters', [{ source_compute: 'host2' }])).toBe(0);
    await expect(read('MigrationList', 'get_by_filters', [{ colour: 'red' }])).rejects.toThrow(
      ObjectActionError,
    );
  });
});
