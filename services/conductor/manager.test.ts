import { MessagingTimeout } from '@mini-nova/messaging';
import { Instance, InstanceFault, Tag } from '@mini-nova/objects';
import { RequestContext, ServiceRecordMissing } from '@mini-nova/service';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  InstanceNotFound,
  ObjectActionError,
  UnexpectedDeletingTaskStateError,
  UnexpectedTaskStateError,
} from '../exceptions.ts';
import { Cloud } from '../test/cloud.ts';
import { type Loss, lossyDriver } from '../test/lossy-driver.ts';
import { newComputeNode } from '../test/new-objects.ts';
import { ConductorAPI } from './rpcapi.ts';
import { ConductorServiceRecords } from './service-records.ts';

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

  it('tell that they are being deleted, or gone', async () => {
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
    await conductor.computeNodeCreate(ctxt, second);

    expect(second.uuid).toBe(first.uuid);
    expect(await conductor.computeNodeGet(ctxt, 'host1', 'node1')).toMatchObject({
      uuid: first.uuid,
      vcpus: 16,
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
    expect(await stored()).toMatchObject({ version: 67, report_count: 2, topic: 'compute' });
  });

  it('tell when they were deleted', async () => {
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
    ]) {
      await expect(call).rejects.toThrow(ObjectActionError);
    }
  });
});
