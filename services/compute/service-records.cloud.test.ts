import { ConductorAPI, conductorRpc } from '@mini-nova/conductor/rpcapi';
import { hasStopped } from '@mini-nova/data/services/store';
import { MessagingTimeout, type RpcMessage } from '@mini-nova/messaging';
import { ServiceRecordMissing } from '@mini-nova/service';
import { Cloud } from '@mini-nova/services-testing/cloud';
import { lossyDriver } from '@mini-nova/services-testing/lossy-driver';
import { recordingPeer } from '@mini-nova/services-testing/recording-peer';
import { expect, it } from 'vitest';
import { ConductorServiceRecords } from './service-records.ts';

const INFO = { host: 'host9', binary: 'nova-compute', topic: 'compute', version: 1 };

async function records() {
  const cloud = await Cloud.start({ hosts: {}, scheduler: false });
  const shown = async () => {
    const service = await cloud.services.getByHostAndBinary(INFO.host, INFO.binary);
    if (!service) throw new Error('There is no record');
    return service;
  };
  return { cloud, shown, records: new ConductorServiceRecords(new ConductorAPI(cloud.rpc, { patience: 0 })) };
}

it('is up from its registration to its stop', async () => {
  const { cloud, shown, records: own } = await records();
  await own.register(INFO);
  await own.heartbeat();
  expect(await shown()).toMatchObject({ report_count: 1 });
  expect(cloud.services.isUp(await shown(), 60)).toBe(true);

  await own.stopped();
  expect(cloud.services.isUp(await shown(), 60)).toBe(false);
  expect(hasStopped(await shown())).toBe(true);

  await own.register(INFO);
  expect(cloud.services.isUp(await shown(), 60)).toBe(true);
});

it('does not record a heartbeat when it stops after a failed heartbeat', async () => {
  const { cloud, shown } = await records();
  const conductor = new ConductorAPI(cloud.rpc, { patience: 0 });
  const { serviceHeartbeat } = conductor;
  const own = new ConductorServiceRecords(conductor);
  await own.register(INFO);
  conductor.serviceHeartbeat = () => Promise.reject(new MessagingTimeout('the conductor is away'));
  await expect(own.heartbeat()).rejects.toThrow(MessagingTimeout);

  conductor.serviceHeartbeat = serviceHeartbeat;
  await own.stopped();

  expect(hasStopped(await shown())).toBe(true);
});

it('is registered although the takeover of its record is not answered at first', async () => {
  const { records: own, cloud, shown } = await records();
  await own.register(INFO);
  let lost = 0;
  const lose = ({ method }: RpcMessage) =>
    method === 'object_action' && ++lost <= 3 ? 'request' : undefined;
  const { rpc } = cloud.connect('restarted', (driver) => lossyDriver(driver, lose));
  await new ConductorServiceRecords(new ConductorAPI(rpc, { pause: 0 })).register(INFO);
  expect(await shown()).toMatchObject({ report_count: 1 });
});

it('reports its stop by saving only last_seen_up, which Nova reads', async () => {
  const { rpc, messages } = await recordingPeer(conductorRpc, { replies: { objectAction: [{}, null] } });
  const own = new ConductorServiceRecords(new ConductorAPI(rpc));
  await own.register(INFO);
  await own.stopped();
  expect(messages[2]?.args).toMatchObject({
    objmethod: 'save',
    objinst: {
      'nova_object.changes': ['last_seen_up'],
      'nova_object.data': { last_seen_up: '1970-01-01T00:00:00Z' },
    },
  });
});

it('notices that its record is gone', async () => {
  const { cloud, shown, records: own } = await records();
  await own.register(INFO);
  await cloud.services.delete(await shown());
  await expect(own.heartbeat()).rejects.toThrow(ServiceRecordMissing);
  await expect(own.stopped()).rejects.toThrow(ServiceRecordMissing);
});

it('refuses to report before it has registered', async () => {
  const { records: own } = await records();
  await expect(own.heartbeat()).rejects.toThrow(TypeError);
  await expect(own.stopped()).rejects.toThrow(TypeError);
});
