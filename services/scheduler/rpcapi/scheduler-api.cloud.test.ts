import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadConfig } from '@mini-nova/config';
import { listUsages } from '@mini-nova/data/allocations/queries';
import { type Database, openDatabase } from '@mini-nova/data/database';
import { migrate } from '@mini-nova/data/migrate';
import { NoValidHost } from '@mini-nova/domain/exceptions';
import {
  endpoint,
  getRpcServer,
  getTransport,
  type JsonObject,
  type RPCServer,
  RPCVersionCapError,
  type RpcEndpoint,
  type RpcMessage,
  silentLogger,
  Target,
  type Transport,
} from '@mini-nova/messaging';
import { NovaObjectSerializer, objectFromPrimitive, type RequestSpec } from '@mini-nova/objects';
import { claimResources } from '@mini-nova/placement/allocations';
import { PlacementManager } from '@mini-nova/placement/manager';
import { PlacementAPI, placementRpc } from '@mini-nova/placement/rpcapi';
import { createRpc, RequestContext, RequestContextSerializer } from '@mini-nova/service';
import { addHost, inventories, requestSpec } from '@mini-nova/services-testing/scheduling';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CELL_UUID } from '../cell.ts';
import { SchedulerManager } from '../manager.ts';
import { schedulerSchema } from '../options.ts';
import { SchedulerAPI, schedulerRpc } from './scheduler-api.ts';

const ctxt = RequestContext.admin();
let db: Database;
let transport: Transport;
let server: RPCServer;
/** The messages as they arrived over the wire. */
let messages: RpcMessage[];

async function serve(served: RpcEndpoint): Promise<void> {
  const { topic = '' } = served.rpc.target;
  server = getRpcServer(transport, new Target({ topic, server: 'host' }), [served], {
    serializer: new RequestContextSerializer(new NovaObjectSerializer()),
    around: (_ctxt, message, run) => {
      messages.push(message);
      return run();
    },
  });
  await server.start();
}

const rpc = () => createRpc(transport, { serializer: new NovaObjectSerializer() });

beforeEach(async () => {
  db = await openDatabase('sqlite://');
  await migrate(db);
  messages = [];
  transport = getTransport({ url: `memory://${randomUUID()}/`, logger: silentLogger });
});

afterEach(async () => {
  await server.stop();
  await server.wait();
  await transport.close();
  await db.close();
});

describe('SchedulerAPI', () => {
  beforeEach(() =>
    serve(
      endpoint(
        schedulerRpc,
        new SchedulerManager({
          db,
          config: loadConfig({ schema: schedulerSchema, configFiles: [], env: {} }),
          logger: silentLogger,
        }),
      ),
    ),
  );

  it('sends its request and reads the answer as recorded from Nova 26', async () => {
    const recorded = recordedRequest('select_destinations');
    const spec = objectFromPrimitive(recorded.args.spec_obj as JsonObject) as RequestSpec;
    const uuid = await addHost(db, 'compute');

    const reply = await new SchedulerAPI(rpc()).selectDestinations(ctxt, {
      instance_uuids: recorded.args.instance_uuids as string[],
      spec_obj: spec,
    });

    const { method, args, version } = messages[0] ?? {};
    expect({ method, args, version }).toEqual({
      method: recorded.method,
      args: recorded.args,
      version: recorded.version,
    });
    const primitive = reply.map((each) => each.map((selection) => selection.toPrimitive()));
    expect(JSON.stringify(primitive)).toBe(
      JSON.stringify(recorded.reply)
        .replaceAll('8fcc8b70-87fc-4811-9389-977dd623280b', uuid)
        .replace('60089af0-f069-4b0e-a338-53c63ecc187b', CELL_UUID)
        .replace('fake-mini', 'compute.node'),
    );
  });

  it.each([
    ['pike', false],
    ['4.4', false],
    ['queens', true],
    ['zed', true],
    ['4.5', true],
  ])('pinned to %s sends 4.5: %s', async (versionCap, sends) => {
    const request = { instance_uuids: ['vm1'], spec_obj: requestSpec() };
    const call = new SchedulerAPI(rpc(), { versionCap }).selectDestinations(ctxt, request);

    await expect(call).rejects.toThrow(sends ? NoValidHost : RPCVersionCapError);
  });

  it('raises the NoValidHost of the scheduler', async () => {
    const request = { instance_uuids: ['vm1'], spec_obj: requestSpec() };
    const call = new SchedulerAPI(rpc()).selectDestinations(ctxt, request);

    await expect(call).rejects.toThrow(NoValidHost);
    await expect(call).rejects.toThrow('No valid host was found. There are not enough hosts available.');
  });
});

describe('PlacementAPI', () => {
  it('sets an inventory, shows and deletes allocations', async () => {
    await serve(endpoint(placementRpc, new PlacementManager(db)));
    const placement = new PlacementAPI(rpc());

    await placement.setInventory(ctxt, {
      provider_uuid: 'p1',
      provider_name: 'node1',
      inventories: inventories(),
    });
    for (const consumerUuid of ['vm1', 'vm2', 'vm3']) {
      await claimResources(db, { consumerUuid, allocations: { p1: { VCPU: 1, DISK_GB: 2 } } });
    }
    await placement.deleteAllocations(ctxt, { consumer_uuid: 'vm1', provider_uuid: null });
    await placement.deleteAllocations(ctxt, { consumer_uuid: 'vm2', provider_uuid: 'p1' });
    await placement.deleteAllocations(ctxt, { consumer_uuid: 'vm3', provider_uuid: 'p2' });

    expect(await placement.getProviderAllocations(ctxt, { provider_uuid: 'p1' })).toEqual({
      vm3: { VCPU: 1, DISK_GB: 2 },
    });
    expect(await listUsages(db.kysely)).toHaveLength(2);
    expect(messages[0]).toMatchObject({ namespace: 'placement', version: '1.0', method: 'set_inventory' });
  });
});

interface RecordedRequest {
  method: string;
  version: string;
  args: JsonObject;
  reply: unknown;
}

function recordedRequest(method: string): RecordedRequest {
  const file = new URL('../../../packages/objects/testdata/nova-26-rpc.json', import.meta.url);
  const requests = JSON.parse(readFileSync(file, 'utf8')) as RecordedRequest[];
  const found = requests.find((request) => request.method === method);
  if (found === undefined) throw new Error(`no ${method} was recorded`);
  return found;
}
