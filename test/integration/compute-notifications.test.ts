import { loadConfig } from '@mini-nova/config';
import { getTransport, silentLogger, Target } from '@mini-nova/messaging';
import { getNotificationListener } from '@mini-nova/messaging/notifications';
import { cloudSources, runCloud } from '@mini-nova/services-testing/cloud-fixture';
import { nova } from '@mini-nova/services-testing/run-nova';
import { getRabbit, uniqueTopic } from '@mini-nova/testing';
import { expect, onTestFinished, test, vi } from 'vitest';

interface Heard {
  priority: string;
  publisher: string | null;
  event: string;
  payload: Record<string, unknown>;
}

/** A listener on RabbitMQ, as a billing system has one. */
async function listen(url: string, topic: string): Promise<Heard[]> {
  const transport = getTransport({ url, name: 'listener', logger: silentLogger });
  const heard: Heard[] = [];
  const hear =
    (priority: string) => (_ctxt: object, publisher: string | null, event: string, payload: object) =>
      void heard.push({ priority, publisher, event, payload: { ...payload } });
  const endpoint = { info: hear('info'), error: hear('error') };
  const listener = getNotificationListener(transport, [new Target({ topic })], [endpoint]);
  await listener.start();
  onTestFinished(async () => {
    await listener.stop();
    await transport.close();
  });
  return heard;
}

async function startCloud(overrides: Record<string, unknown>) {
  const config = loadConfig(cloudSources(overrides));
  const cloud = await runCloud(config, ['host1']);
  onTestFinished(() => cloud.stop());
  return (...args: string[]) => nova(cloud.endpoint, args);
}

/** A cloud in this process, which notifies over RabbitMQ. */
async function startNotifying(overrides: Record<string, unknown> = {}) {
  const { url } = await getRabbit();
  const topic = uniqueTopic('notifications');
  const versionedTopic = uniqueTopic('versioned');
  const heard = await listen(url, topic);
  const versioned = await listen(url, versionedTopic);
  const run = await startCloud({
    'oslo_messaging_notifications.driver': ['messagingv2'],
    'oslo_messaging_notifications.topics': [topic],
    'oslo_messaging_notifications.transport_url': url,
    'notifications.versioned_notifications_topics': [versionedTopic],
    ...overrides,
  });
  return { heard, versioned, run };
}

const BOOT = ['boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll', '--json', 'one'];

const eventsOf = (heard: readonly Heard[]) =>
  heard.map(({ event }) => event.replace('compute.instance.', ''));

test('creation, power changes and deletion are notified in order, as in Nova', async () => {
  const { heard, run } = await startNotifying();
  const { id, tenant_id } = (await run(...BOOT)).json();
  for (const command of ['stop', 'start', 'reboot', 'pause', 'unpause']) await run(command, '--poll', 'one');
  await run('delete', '--poll', 'one');
  const expected = [
    ...['create.start', 'create.end', 'power_off.start', 'power_off.end', 'power_on.start', 'power_on.end'],
    ...['reboot.start', 'reboot.end', 'pause.start', 'pause.end', 'unpause.start', 'unpause.end'],
    ...['delete.start', 'shutdown.start', 'shutdown.end', 'delete.end'],
  ];
  await vi.waitFor(() => expect(eventsOf(heard)).toEqual(expected));
  expect(new Set(heard.map(({ publisher }) => publisher))).toEqual(new Set(['compute.host1']));
  expect(new Set(heard.map(({ priority }) => priority))).toEqual(new Set(['info']));
  expect(new Set(heard.map(({ payload }) => payload.instance_id))).toEqual(new Set([id]));
  const payloads = Object.fromEntries(heard.map(({ event, payload }) => [event, payload]));
  expect(payloads['compute.instance.create.start']).toMatchObject({
    state: 'building',
    image_name: 'cirros',
  });
  expect(payloads['compute.instance.create.end']).toEqual({
    tenant_id,
    user_id: expect.any(String),
    instance_id: id,
    display_name: 'one',
    reservation_id: expect.stringMatching(/^r-/),
    hostname: 'one',
    instance_type: 'm1.tiny',
    instance_type_id: expect.any(Number),
    instance_flavor_id: expect.any(String),
    architecture: null,
    memory_mb: 512,
    disk_gb: 1,
    vcpus: 1,
    root_gb: 1,
    ephemeral_gb: 0,
    host: 'host1',
    node: 'host1',
    availability_zone: 'nova',
    cell_name: '',
    image_ref_url: expect.stringMatching(/^[0-9a-f-]{36}$/),
    os_type: null,
    kernel_id: expect.toBeOneOf([null, '']),
    ramdisk_id: expect.toBeOneOf([null, '']),
    access_ip_v4: null,
    access_ip_v6: null,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$/),
    terminated_at: '',
    deleted_at: '',
    launched_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/),
    state: 'active',
    state_description: '',
    progress: '',
    fixed_ips: [
      expect.objectContaining({
        address: expect.stringMatching(/^10\.0\./),
        label: 'private',
        type: 'fixed',
      }),
    ],
    image_meta: expect.any(Object),
    metadata: {},
    message: 'Success',
  });
  expect(payloads['compute.instance.power_off.start']).toMatchObject({ state_description: 'powering-off' });
  expect(payloads['compute.instance.power_off.end']).toMatchObject({
    state: 'stopped',
    state_description: '',
  });
  expect(payloads['compute.instance.delete.end']).toMatchObject({
    state: 'deleted',
    deleted_at: expect.stringMatching(/^\d{4}-/),
  });
});

test('a failed build is notified with priority error and its reason', async () => {
  const { heard, run } = await startNotifying({ 'fake.fail_spawn': true });
  expect((await run(...BOOT)).code).toBe(1);
  await vi.waitFor(() => expect(heard).toHaveLength(2));
  // Each priority has its queue.
  expect(eventsOf(heard).sort()).toEqual(['create.error', 'create.start']);
  const { priority, payload } = heard.find(({ event }) => event.endsWith('.error')) ?? {};
  expect(priority).toBe('error');
  expect(payload).toMatchObject({ code: 500, exception: payload?.message, state: 'building' });
});

test('a failed power change has no end notification; a failed reboot has an error', async () => {
  const { heard, run } = await startNotifying({ 'fake.fail_power': true });
  expect((await run(...BOOT)).json()).toMatchObject({ status: 'ACTIVE' });
  await run('reboot', 'one');
  await vi.waitFor(() => expect(eventsOf(heard)).toContain('reboot.error'));
  await run('stop', 'one');
  await run('delete', '--poll', 'one');
  await vi.waitFor(() => expect(eventsOf(heard)).toContain('delete.end'));
  const told = (priority: string) => eventsOf(heard.filter((one) => one.priority === priority));
  expect(told('error')).toEqual(['reboot.error']);
  expect(told('info').slice(2, 5)).toEqual(['reboot.start', 'power_off.start', 'delete.start']);
});

interface VersionedObject {
  'nova_object.name': string;
  'nova_object.namespace': string;
  'nova_object.version': string;
  'nova_object.data': Record<string, unknown>;
}

const isObject = (name: string, version: string, data: object) => ({
  'nova_object.name': name,
  'nova_object.namespace': 'nova',
  'nova_object.version': version,
  'nova_object.data': data,
});

test('versioned notifications are sent beside the others when both are wanted', async () => {
  const { heard, versioned, run } = await startNotifying({ 'notifications.notification_format': 'both' });
  const { id, tenant_id } = (await run(...BOOT)).json();
  await run('delete', '--poll', 'one');
  const expected = [
    'create.start',
    'create.end',
    'delete.start',
    'shutdown.start',
    'shutdown.end',
    'delete.end',
  ];
  await vi.waitFor(() =>
    expect(versioned.map(({ event }) => event)).toEqual(expected.map((e) => `instance.${e}`)),
  );
  await vi.waitFor(() => expect(eventsOf(heard)).toEqual(expected));
  expect(new Set(versioned.map(({ publisher }) => publisher))).toEqual(new Set(['nova-compute:host1']));
  const [, created, , , , deleted] = versioned.map(({ payload }) => payload as unknown as VersionedObject);
  expect(created).toEqual(
    isObject(
      'InstanceCreatePayload',
      '1.12',
      expect.objectContaining({
        uuid: id,
        tenant_id,
        state: 'active',
        power_state: 'running',
        task_state: null,
        fault: null,
        auto_disk_config: expect.stringMatching(/^(AUTO|MANUAL)$/),
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        flavor: isObject(
          'FlavorPayload',
          '1.4',
          expect.objectContaining({ name: 'm1.tiny', memory_mb: 512 }),
        ),
        ip_addresses: [
          isObject(
            'IpPayload',
            '1.0',
            expect.objectContaining({
              label: 'private',
              version: 4,
              address: expect.stringMatching(/^10\.0\./),
            }),
          ),
        ],
        request_id: expect.stringMatching(/^req-/),
        tags: [],
        keypairs: [],
      }),
    ),
  );
  const end = { state: 'deleted', power_state: 'pending', deleted_at: expect.stringMatching(/Z$/) };
  expect(deleted).toEqual(isObject('InstanceActionPayload', '1.8', expect.objectContaining(end)));
});

test('with versioned notifications alone, a failure has its exception', async () => {
  const { heard, versioned, run } = await startNotifying({
    'notifications.notification_format': 'versioned',
    'fake.fail_spawn': true,
  });
  expect((await run(...BOOT)).code).toBe(1);
  const failure = () => versioned.find(({ event }) => event === 'instance.create.error');
  await vi.waitFor(() => expect(failure()).toMatchObject({ priority: 'error' }));
  const data = (failure()?.payload as VersionedObject | undefined)?.['nova_object.data'];
  expect(data?.fault).toEqual(
    isObject('ExceptionPayload', '1.1', expect.objectContaining({ exception_message: expect.any(String) })),
  );
  expect(heard).toEqual([]);
});

test("an outage of the notifications' bus keeps no instance from being built and deleted", async () => {
  const run = await startCloud({
    'oslo_messaging_notifications.driver': ['messagingv2'],
    'oslo_messaging_notifications.transport_url': 'rabbit://guest:guest@127.0.0.1:1/',
  });
  expect((await run(...BOOT)).json()).toMatchObject({ status: 'ACTIVE' });
  expect((await run('delete', '--poll', 'one')).code).toBe(0);
});

test('without a driver nothing is sent', async () => {
  const { heard, run } = await startNotifying({ 'oslo_messaging_notifications.driver': [] });
  expect((await run(...BOOT)).json()).toMatchObject({ status: 'ACTIVE' });
  expect(heard).toEqual([]);
});
