import type { JsonObject, JsonValue, RpcMessage } from '@mini-nova/messaging';
import { startCloud } from '@mini-nova/services-testing/cloud-fixture';
import { recordedRequest } from '@mini-nova/services-testing/recorded';
import { nova } from '@mini-nova/services-testing/run-nova';
import { expect, it, onTestFinished, vi } from 'vitest';
import { RPCDispatcher } from '../../packages/messaging/rpc/dispatcher.ts';

/** Values that depend on the booted image and server, not on the sender. */
const ofTheRequest = /\.(properties|system_metadata|metadata|tags)(\.|\[|$)/;
/** A separate record in Nova but a column here, so it has the instance's times. */
const ofTheCache = /\.info_cache\.(created_at|updated_at|deleted|deleted_at)$/;

/** Does what sends each RPC, and returns the first message of each. */
async function capturedMessages(): Promise<Map<string, RpcMessage>> {
  const seen = new Map<string, RpcMessage>();
  const { dispatch } = RPCDispatcher.prototype;
  const spy = vi.spyOn(RPCDispatcher.prototype, 'dispatch').mockImplementation(function (
    this: RPCDispatcher,
    ctxt,
    message,
    ...rest
  ) {
    if (!seen.has(message.method)) seen.set(message.method, structuredClone(message));
    return dispatch.call(this, ctxt, message, ...rest);
  });
  onTestFinished(() => spy.mockRestore());
  const cloud = await startCloud({ 'fake.fail_first_spawns': 1 });
  onTestFinished(() => cloud.stop());
  const run = async (...args: string[]) =>
    expect(await nova(cloud.endpoint, args), args.join(' ')).toMatchObject({ code: 0 });
  const boot = ['boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--nic', 'auto', '--poll'];
  // The first spawn of each host fails, so that the first server goes from one to the other.
  expect(await nova(cloud.endpoint, [...boot, 'failing'])).toMatchObject({ code: 1 });
  await run(...boot, 'vm');
  await run('console-log', '--length', '10', 'vm');
  for (const [action, status] of [
    ['stop', 'SHUTOFF'],
    ['start', 'ACTIVE'],
  ] as const) {
    await run(action, 'vm');
    await vi.waitFor(
      async () => {
        const { out } = await nova(cloud.endpoint, ['show', 'vm', '--json']);
        expect(JSON.parse(out)).toMatchObject({ status, 'OS-EXT-STS:task_state': null });
      },
      { interval: 50 },
    );
  }
  await run('reboot', 'vm');
  await vi.waitFor(() => expect(seen.has('reboot_instance')).toBe(true));
  await run('delete', 'vm');
  await vi.waitFor(() => expect(seen.has('terminate_instance')).toBe(true));
  return seen;
}

/** Where ours lacks a part of Nova's, or has it in another type. Null may stand for any absent value. */
function differences(at: string, nova: JsonValue, ours: JsonValue | undefined): string[] {
  if (ofTheRequest.test(at) || ofTheCache.test(at)) return [];
  if (ours === undefined) return [`${at} is missing`];
  if (nova === null || (ours === null && !isObject(nova))) return [];
  if (Array.isArray(nova)) {
    if (!Array.isArray(ours)) return [`${at} is no list`];
    const [first, own] = [nova[0], ours[0]];
    if (first === undefined) return [];
    return own === undefined ? [`${at} is empty`] : differences(`${at}[0]`, first, own);
  }
  if (!isObject(nova)) return typeof nova === typeof ours ? [] : [`${at} is a ${typeof ours}`];
  if (!isObject(ours)) return [`${at} is no object`];
  return Object.entries(nova).flatMap(([key, value = null]) => {
    if (key === 'nova_object.changes') return [];
    if (/^nova_object\.(name|namespace|version)$/.test(key)) {
      return ours[key] === value ? [] : [`${at} is ${ours[key]}, not ${value}`];
    }
    return differences(key === 'nova_object.data' ? at : `${at}.${key}`, value, ours[key]);
  });
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const METHODS = [
  'schedule_and_build_instances',
  'select_destinations',
  'build_and_run_instance',
  'build_instances',
  'get_console_output',
  'stop_instance',
  'start_instance',
  'reboot_instance',
  'terminate_instance',
];

it('sends what real Nova was recorded to send, argument by argument', async () => {
  const messages = await capturedMessages();

  for (const method of METHODS) {
    const recorded = recordedRequest(method);
    const { args = {}, version, namespace = null } = messages.get(method) ?? {};
    expect({ version, namespace }, method).toEqual({
      version: recorded.version,
      namespace: recorded.namespace,
    });
    expect(Object.keys(args).sort(), method).toEqual(Object.keys(recorded.args).sort());
    expect(differences(method, recorded.args, args), method).toEqual([]);
  }
});

it('sends a server to be built without an id, which a conductor of Nova gives it', async () => {
  const message = (await capturedMessages()).get('schedule_and_build_instances');
  const data = message?.args as { build_requests: { 'nova_object.data': { instance: JsonObject } }[] };
  const [request] = data.build_requests;
  expect(request?.['nova_object.data'].instance['nova_object.data']).toHaveProperty('uuid');
  expect(request?.['nova_object.data'].instance['nova_object.data']).not.toHaveProperty('id');
});
