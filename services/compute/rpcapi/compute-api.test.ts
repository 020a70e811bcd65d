import { powerOperationNames, powerOperations } from '@mini-nova/domain/operations';
import {
  type ArgsOf,
  CallCancelled,
  endpoint,
  type OneCastOptions,
  RPCVersionCapError,
  type Transport,
} from '@mini-nova/messaging';
import { type Instance, NovaObjectSerializer } from '@mini-nova/objects';
import { createRpc, RequestContext } from '@mini-nova/service';
import { newInstance } from '@mini-nova/services-testing/new-objects';
import { isRecorded, type RecordedRequest, recordedRequest } from '@mini-nova/services-testing/recorded';
import { recordingPeer } from '@mini-nova/services-testing/recording-peer';
import { expect, it, vi } from 'vitest';
import type { ComputeEndpoint } from '../operations/index.ts';
import { ComputeAPI, computeRpc, InstanceHasNoHost } from './compute-api.ts';
import { requestPowerOperation } from './power-requests.ts';

type Args<M extends keyof typeof computeRpc.methods> = ArgsOf<typeof computeRpc, M>;

const ctxt = RequestContext.admin();
const peer = (replies: { [M in keyof typeof computeRpc.methods]?: unknown } = {}) =>
  recordingPeer(computeRpc, { server: 'compute', replies });

type Send = (api: ComputeAPI, args: never) => Promise<unknown>;

/** How the client sends the power operations. Their arguments come from the rows of the table. */
const powerSenders = powerOperationNames.map((name): [wireName: string, Send] => [
  computeRpc.methods[powerOperations[name].request.method].wireName,
  (api, { instance }: { instance: Instance }) => requestPowerOperation(api, ctxt, name, instance),
]);

/** How the client sends each recorded request. */
const senders: Record<string, Send> = {
  ...Object.fromEntries(powerSenders.filter(([wireName]) => isRecorded(wireName))),
  build_and_run_instance: (api, args: Args<'buildAndRunInstance'>) =>
    api.buildAndRunInstance(ctxt, 'compute', args),
  terminate_instance: (api, args: Args<'terminateInstance'>) => api.terminateInstance(ctxt, args),
  // Hard and soft ones have the same method.
  reboot_instance: (api, { instance, reboot_type }: Args<'rebootInstance'>) =>
    api.rebootInstance(ctxt, { instance, block_device_info: null, reboot_type }),
  get_console_output: (api, args: Args<'getConsoleOutput'>) => api.getConsoleOutput(ctxt, args),
};

function argsOf({ args }: RecordedRequest): never {
  const serializer = new NovaObjectSerializer();
  const entries = Object.entries(args).map(([name, value = null]) => [
    name,
    serializer.deserializeEntity(ctxt, value),
  ]);
  return Object.fromEntries(entries) as never;
}

it('has a sender for each recorded request', () => {
  const served = Object.values(computeRpc.methods).map(({ wireName }) => wireName);
  const recorded = served.filter(isRecorded);
  expect(Object.keys(senders).sort()).toEqual(recorded.sort());
});

it.each(Object.entries(senders))('sends %s as recorded from Nova 26', async (method, send) => {
  const { rpc, messages } = await peer();
  const recorded = recordedRequest(method);

  await send(new ComputeAPI(rpc), argsOf(recorded));

  await vi.waitFor(() => expect(messages).toHaveLength(1));
  const [{ args, version, namespace = null } = { args: {}, version: '' }] = messages;
  expect({ method: messages[0]?.method, version, namespace }).toEqual({
    method,
    version: recorded.version,
    namespace: recorded.namespace,
  });
  expect(JSON.stringify(args)).toBe(JSON.stringify(recorded.args));
});

it('attaches an interface by a call with all of its arguments', async () => {
  const { rpc, messages } = await peer({ attachInterface: { id: 'port' } });
  const instance = newInstance({ host: 'compute' });

  const vif = await new ComputeAPI(rpc).attachInterface(ctxt, {
    instance,
    network_id: 'net',
    port_id: null,
    requested_ip: '10.0.0.5',
  });

  expect(vif).toEqual({ id: 'port' });
  expect(messages[0]).toMatchObject({
    version: '6.0',
    args: { network_id: 'net', port_id: null, requested_ip: '10.0.0.5', tag: null },
  });
});

it('sends nothing about an instance that is on no host', async () => {
  const { rpc, messages } = await peer();

  const sent = new ComputeAPI(rpc).startInstance(ctxt, { instance: newInstance() });

  await expect(sent).rejects.toThrow(InstanceHasNoHost);
  expect(messages).toEqual([]);
});

it.each([
  ['victoria', false],
  ['5.13', false],
  ['wallaby', true],
  ['zed', true],
  ['6.0', true],
  [null, true],
])('pinned to %s sends 6.0: %s', async (versionCap, sends) => {
  const { rpc, messages } = await peer();
  const api = new ComputeAPI(rpc, { versionCap });

  const sent = api.startInstance(ctxt, { instance: newInstance({ host: 'compute' }) });

  if (sends) {
    await sent;
    await vi.waitFor(() => expect(messages).toHaveLength(1));
  } else {
    await expect(sent).rejects.toThrow(RPCVersionCapError);
  }
});

type SendUnless = (api: ComputeAPI, options: OneCastOptions) => Promise<void>;

it.each<[name: string, SendUnless]>([
  ...powerOperationNames.map((name): [string, SendUnless] => [
    name,
    (api, options) => requestPowerOperation(api, ctxt, name, onHost().instance, options),
  ]),
  ['detachInterface', (api, options) => api.detachInterface(ctxt, { ...onHost(), port_id: 'p' }, options)],
])('does not send %s once the caller has given up', async (_name, send) => {
  const { rpc, messages } = await peer();
  const given = send(new ComputeAPI(rpc), { signal: AbortSignal.abort() });
  await expect(given).rejects.toBeInstanceOf(CallCancelled);
  expect(messages).toEqual([]);
});

it('sends a reboot without block devices when the caller gives none', async () => {
  const { rpc, messages } = await peer();

  await new ComputeAPI(rpc).rebootInstance(ctxt, { ...onHost(), reboot_type: 'HARD' });

  await vi.waitFor(() => expect(messages).toHaveLength(1));
  expect(messages[0]?.args).toMatchObject({ block_device_info: null, reboot_type: 'HARD' });
});

function onHost() {
  return { instance: newInstance({ host: 'compute' }) };
}

/** Never run: the compiler is the test. */
export function objectsNeedTheirSerializer(transport: Transport): void {
  new ComputeAPI(createRpc(transport, { serializer: new NovaObjectSerializer() }));
  // @ts-expect-error JSON does not carry an Instance
  new ComputeAPI(createRpc(transport));
}

type Lacking = Omit<ComputeEndpoint, 'startInstance'>;
type Wrong = Lacking & { startInstance(ctxt: unknown, args: { instance: string }): null };

/** Never run: the compiler is the test. */
export function aComputeServesEachMethod(served: ComputeEndpoint, lacking: Lacking, wrong: Wrong): void {
  endpoint(computeRpc, served);
  // @ts-expect-error startInstance is missing
  endpoint(computeRpc, lacking);
  // @ts-expect-error it starts an instance, not a name
  endpoint(computeRpc, wrong);
}
