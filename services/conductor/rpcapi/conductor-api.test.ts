import { CallCancelled, endpoint, type ResultOf, RPCVersionCapError, Target } from '@mini-nova/messaging';
import { InstanceList, NovaObjectSerializer } from '@mini-nova/objects';
import { BaseRPCAPI, baseRpc, RequestContext } from '@mini-nova/service';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { recordedRequest } from '@mini-nova/services-testing/recorded';
import { recordingPeer } from '@mini-nova/services-testing/recording-peer';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { RecordingLogger } from '../../../packages/service/test/recording-logger.ts';
import { ComputeTaskAPI, computeTaskRpc } from './compute-task-api.ts';
import { ConductorAPI } from './conductor-api.ts';
import { conductorRpc } from './conductor-rpc.ts';

const ctxt = RequestContext.admin();

describe('ComputeTaskAPI', () => {
  it('does not send a build once it is given up', async () => {
    const { rpc, messages } = await recordingPeer(computeTaskRpc);
    const recorded = recordedRequest('schedule_and_build_instances');
    const args = new NovaObjectSerializer().deserializeEntity(ctxt, recorded.args) as never;
    const options = { signal: AbortSignal.abort() };
    const sent = new ComputeTaskAPI(rpc).scheduleAndBuildInstances(ctxt, args, options);
    await expect(sent).rejects.toBeInstanceOf(CallCancelled);
    expect(messages).toEqual([]);
  });

  it.each(['schedule_and_build_instances', 'build_instances'] as const)(
    'sends %s as recorded from Nova 26',
    async (method) => {
      const { rpc, messages } = await recordingPeer(computeTaskRpc);
      const recorded = recordedRequest(method);
      const args = new NovaObjectSerializer().deserializeEntity(ctxt, recorded.args) as never;
      const api = new ComputeTaskAPI(rpc);

      if (method === 'build_instances') await api.buildInstances(ctxt, args);
      else await api.scheduleAndBuildInstances(ctxt, args);

      await vi.waitFor(() => expect(messages).toHaveLength(1));
      const { version, namespace } = messages[0] ?? {};
      expect({ version, namespace }).toEqual({ version: recorded.version, namespace: recorded.namespace });
      expect(JSON.stringify(messages[0]?.args)).toBe(JSON.stringify(recorded.args));
    },
  );
});

describe('ConductorAPI', () => {
  it.each([
    ['kilo', false],
    ['2.9', false],
    ['liberty', true],
    ['zed', true],
    ['3.0', true],
  ])('pinned to %s sends 3.0: %s', async (versionCap, sends) => {
    const { rpc, messages } = await recordingPeer(conductorRpc, { replies: { objectAction: [{}, null] } });
    const saved = new ConductorAPI(rpc, { versionCap }).instanceSave(ctxt, newInstance(), { host: 'h' });

    if (sends) await saved;
    else await expect(saved).rejects.toThrow(RPCVersionCapError);
    expect(messages).toHaveLength(sends ? 1 : 0);
  });

  it('saves an instance by object_action, and takes over what the conductor changed', async () => {
    const updates = {
      vm_state: 'active',
      updated_at: '2026-01-31T12:00:00Z',
      info_cache: null,
      obj_what_changed: [],
    };
    const { rpc, messages } = await recordingPeer(conductorRpc, {
      replies: { objectAction: [updates, null] },
    });
    const instance = newInstance();

    await new ConductorAPI(rpc).instanceSave(
      ctxt,
      instance,
      { power_state: 1 },
      { vmState: ['building'], taskState: [null] },
    );

    expect(messages[0]).toMatchObject({
      version: '3.0',
      args: {
        objinst: { 'nova_object.name': 'Instance', 'nova_object.changes': ['power_state'] },
        objmethod: 'save',
        args: [],
        kwargs: { expected_vm_state: ['building'], expected_task_state: [null] },
      },
    });
    expect(instance).toMatchObject({ power_state: 1, vm_state: 'active', info_cache: null });
    expect(instance.updated_at).toEqual(new Date('2026-01-31T12:00:00Z'));
    expect(instance.changes()).toEqual([]);
  });

  it('says which object versions it understands when it asks for objects', async () => {
    const { rpc, messages } = await recordingPeer(conductorRpc);

    await new ConductorAPI(rpc).instanceGetByUuid(ctxt, 'uuid');

    expect(messages[0]?.args).toMatchObject({
      objname: 'Instance',
      objmethod: 'get_by_uuid',
      object_versions: { Instance: '2.7', Flavor: '1.2' },
      args: ['uuid'],
      kwargs: {},
    });
  });

  it('waits for a conductor for as long as there is none, and logs that it waits', async () => {
    const { rpc } = await recordingPeer(conductorRpc, { topic: 'other' });
    const logger = new RecordingLogger();
    const waiting = new ConductorAPI(rpc).waitUntilReady(ctxt, logger);
    hoursLater();
    await expect.poll(() => logger.of('warn')).toEqual(['Waiting for a conductor']);

    const base = endpoint(baseRpc, new BaseRPCAPI({ service: 'conductor' }));
    const conductor = rpc.getServer(new Target({ topic: 'conductor', server: 'host' }), [base]);
    onTestFinished(() => conductor.stop());
    await conductor.start();
    await waiting;
  });

  it('asks until it is answered, however long that takes', async () => {
    const { rpc } = await recordingPeer(conductorRpc, { topic: 'other' });
    let failures = 0;
    const onFailure = () => {
      failures += 1;
      if (failures === 1) hoursLater();
    };
    const found = new ConductorAPI(rpc, { pause: 0, onFailure }).instancesByHost(ctxt, 'host1');
    await expect.poll(() => failures).toBeGreaterThan(10);

    const list = endpoint(conductorRpc, {
      objectClassActionVersions: () => new InstanceList({ objects: [] }),
      objectAction: (): ResultOf<typeof conductorRpc, 'objectAction'> => [{}, null],
    });
    const conductor = rpc.getServer(new Target({ topic: 'conductor', server: 'host' }), [list]);
    onTestFinished(() => conductor.stop());
    await conductor.start();
    expect(await found).toEqual([]);
  });
});

/** Advances the clock that measures durations, until the test ends. */
function hoursLater(): void {
  const now = performance.now.bind(performance);
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + 10 * 3_600_000);
  onTestFinished(() => clock.mockRestore());
}
