import { RequestContext } from '@mini-nova/service';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { RecordingTracer } from '@mini-nova/services-testing/recording-tracer';
import { expect, it } from 'vitest';
import type { SpawnRequest, VirtDriver } from './driver.ts';
import { FakeDriver, FakeDriverFailure } from './fake/fake-driver.ts';
import { tracedDriver } from './traced-driver.ts';

const ctxt = RequestContext.admin();
const instance = newInstance();
const request: SpawnRequest = {
  image: {},
  injectedFiles: [],
  adminPassword: null,
  allocations: {},
  networkInfo: [],
};
const vif = { id: 'port' } as never;

const calls: { [M in keyof VirtDriver]: [span: string, args: Parameters<VirtDriver[M]>] } = {
  initHost: ['driver.init_host', [ctxt, [instance]]],
  getAvailableNodes: ['driver.get_available_nodes', []],
  getAvailableResource: ['driver.get_available_resource', ['node1']],
  spawn: ['driver.spawn', [ctxt, instance, request]],
  destroy: ['driver.destroy', [ctxt, instance]],
  powerOn: ['driver.power_on', [ctxt, instance]],
  powerOff: ['driver.power_off', [ctxt, instance, true]],
  reboot: ['driver.reboot', [ctxt, instance, 'HARD']],
  pause: ['driver.pause', [ctxt, instance]],
  unpause: ['driver.unpause', [ctxt, instance]],
  getInfo: ['driver.get_info', [instance]],
  listInstanceUuids: ['driver.list_instance_uuids', []],
  describeGuest: ['driver.describe_guest', ['uuid']],
  attachInterface: ['driver.attach_interface', [ctxt, instance, vif]],
  detachInterface: ['driver.detach_interface', [ctxt, instance, vif]],
  getConsoleOutput: ['driver.get_console_output', [ctxt, instance]],
};

/** Answers each call with its name and arguments. */
const echo = new Proxy({} as VirtDriver, {
  get:
    (_target, method) =>
    async (...args: unknown[]) => [method, ...args],
});

it.each(Object.entries(calls))('%s is passed on as it is, in a span', async (method, [name, args]) => {
  const tracer = RecordingTracer.use();
  const driver = tracedDriver(echo, 'host1') as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  expect(await driver[method]?.(...args)).toEqual([method, ...args]);
  const isOfInstance = (args as unknown[]).includes(instance);
  expect(tracer.spans).toMatchObject([{ name, kind: 'internal' }]);
  expect(tracer.spans[0]?.attributes).toEqual({
    'nova.host': 'host1',
    ...(isOfInstance && { 'nova.instance.uuid': instance.uuid }),
  });
});

it('a failure is passed on as it is', async () => {
  const tracer = RecordingTracer.use();
  const driver = tracedDriver(new FakeDriver('host1', { fail_spawn: true }), 'host1');
  await expect(driver.spawn(ctxt, instance, request)).rejects.toThrow(FakeDriverFailure);
  expect(tracer.span('driver.spawn').error).toBeInstanceOf(FakeDriverFailure);
});
