import { FakeDriver } from '@mini-nova/compute/virt/fake/fake-driver';
import { type RunningCloud, startCloud } from '@mini-nova/services-testing/cloud-fixture';
import { nova as runNova } from '@mini-nova/services-testing/run-nova';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';

let cloud: RunningCloud;

beforeAll(async () => {
  cloud = await startCloud({ 'fake.spawn_delay': 0.05 });
});
afterAll(() => cloud?.stop());

const nova = (...args: string[]) => runNova(cloud.endpoint, args);
const boot = (...args: string[]) => nova('boot', '--flavor', 'm1.tiny', '--image', 'cirros', ...args);

test('boots a server and prints it as a table', async () => {
  const { code, out, err } = await boot('table');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out.trimEnd().split('\n');
  expect(lines[0]).toMatch(/^\+-+\+-+\+$/);
  expect(lines[1]).toMatch(/^\| Property +\| Value +\|$/);
  expect(lines[2]).toBe(lines[0]);
  expect(lines.at(-1)).toBe(lines[0]);
  expect(out).toMatch(/\| name +\| table +\|/);
  expect(out).toMatch(/\| status +\| (BUILD|ACTIVE) +\|/);
  expect(out).toMatch(/\| flavor +\| 1 +\|/);
  expect(new Set(lines.map(({ length }) => length)).size).toBe(1);
});

test('waits with --poll, with progress on stderr and the result on stdout', async () => {
  const own = await startCloud();
  onTestFinished(() => own.stop());
  // The server is not built before the client has looked.
  let goOn = () => {};
  const hasLooked = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  const { spawn } = FakeDriver.prototype;
  const held = vi.spyOn(FakeDriver.prototype, 'spawn').mockImplementation(async function (
    this: FakeDriver,
    ...request
  ) {
    await hasLooked;
    return spawn.apply(this, request);
  });
  onTestFinished(() => held.mockRestore());
  const args = ['boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll', '--json', 'polled'];
  const { code, out, err, json } = await runNova(own.endpoint, args, { onErr: goOn });
  expect(code).toBe(0);
  expect(json()).toMatchObject({ name: 'polled', status: 'ACTIVE', 'OS-EXT-STS:task_state': null });
  expect(out.trimEnd()).not.toContain('\n');
  const lines = err.trimEnd().split('\n');
  // Between two tasks it has none.
  expect(lines[0]).toMatch(/^Server building\.\.\. 0% complete \(BUILD(, \w+)?\)$/);
  expect(lines.slice(-2)).toEqual(['Server building... 100% complete (ACTIVE)', 'Finished']);
});

test('on a terminal, progress stays on its line', async () => {
  const args = ['boot', '--flavor', 'm1.tiny', '--image', 'cirros', '--poll', 'tty'];
  const { err } = await runNova(cloud.endpoint, args, { terminal: true });
  expect(err.startsWith('\r\u001b[KServer building...')).toBe(true);
  expect(err.trimEnd().split('\n')).toHaveLength(2);
});

test('boots several servers: a JSON object with a list, or a table with a row for each', async () => {
  const several = await boot('--min-count', '3', '--poll', '--json', 'several');
  const { servers } = several.json();
  expect(servers.map(({ name, status }: { name: string; status: string }) => `${name} ${status}`)).toEqual([
    'several-1 ACTIVE',
    'several-2 ACTIVE',
    'several-3 ACTIVE',
  ]);
  expect(new Set(servers.map((server: Record<string, string>) => server['OS-EXT-SRV-ATTR:host'])).size).toBe(
    2,
  );
  const table = await boot('--max-count', '2', '--poll', 'rows');
  expect(table.out).toMatch(/\| rows-1 .*\n.*\| rows-2 /);
  expect(table.err).toMatch(/2 servers building\.\.\. 2 ACTIVE\nFinished\n$/);
});

test('a boot that ends in ERROR prints the fault and exits 1', async () => {
  const args = ['--flavor', 'm1.xlarge', '--image', 'cirros', '--availability-zone', 'nova:host1'];
  const { json } = await nova('boot', ...args, '--min-count', '2', '--json', 'filler');
  expect(json().servers).toHaveLength(2);
  const { code, err, out } = await nova('boot', ...args, '--min-count', '5', '--poll', '--json', 'too-big');
  expect(code).toBe(1);
  expect(err).toMatch(
    /Error building server\n {2}too-big-1 \([0-9a-f-]+\) is ERROR: No valid host was found\..* \(code 500\)/,
  );
  expect(JSON.parse(out).servers[0]).toMatchObject({ status: 'ERROR', fault: { code: 500 } });
  for (let index = 1; index <= 5; index += 1) await nova('delete', `too-big-${index}`);
  await nova('delete', 'filler-1', 'filler-2', '--poll');
});

test('passes metadata, zone and networks on', async () => {
  const [network] = (await nova('network-list', '--json')).json();
  const { json } = await boot(
    ...['--meta', 'role=web', '--meta', 'note=a=b', '--availability-zone', 'nova:host2'],
    ...[
      '--nic',
      'net-id=private,v4-fixed-ip=10.0.9.9',
      '--nic',
      `net-id=${network.id}`,
      '--poll',
      '--json',
      'fancy',
    ],
  );
  expect(json()).toMatchObject({
    metadata: { role: 'web', note: 'a=b' },
    'OS-EXT-SRV-ATTR:host': 'host2',
    addresses: { private: [{ addr: '10.0.9.9' }, expect.anything()] },
  });
});

test('lists servers, by filter, as a table or an array', async () => {
  await boot('--poll', 'listed');
  const table = await nova('list', '--name', 'listed');
  expect(table.out).toMatch(/\| ID +\| Name +\| Status \| Task State \| Power State \| Networks +\|/);
  expect(table.out).toMatch(/\| listed \| ACTIVE \| - +\| Running +\| private=10\.0\.\d+\.\d+ +\|/);
  const array = (await nova('list', '--json', '--status', 'ACTIVE', '--limit', '1')).json();
  expect(array).toHaveLength(1);
  expect((await nova('list', '--json', '--host', 'nowhere')).json()).toEqual([]);
});

test('shows a server by name and by id', async () => {
  const { id } = (await boot('--poll', '--json', 'shown')).json();
  const byName = (await nova('show', 'shown', '--json')).json();
  expect(byName).toMatchObject({ id, name: 'shown' });
  expect((await nova('show', id, '--json')).json()).toEqual(byName);
  expect((await nova('show', 'shown')).out).toMatch(/\| private network +\| 10\.0\.\d+\.\d+ +\|/);
});

test('an ambiguous name is an error that lists the ids', async () => {
  const ids = [(await boot('--json', 'twin')).json().id, (await boot('--json', 'twin')).json().id];
  const { code, err } = await nova('show', 'twin');
  expect(code).toBe(1);
  expect(err).toMatch(/^ERROR \(CommandError\): Multiple server matches found for 'twin'/);
  for (const id of ids) expect(err).toContain(id);
});

test.each([
  [['show', 'nobody'], "ERROR (CommandError): No server with a name or ID of 'nobody' exists.\n"],
  [['boot', '--flavor', 'huge', '--image', 'cirros', 'x'], "No flavor with a name or ID of 'huge' exists."],
  [['boot', '--flavor', '1', '--image', 'nt', 'x'], "No image with a name or ID of 'nt' exists."],
])('%j fails with exit code 1: what it names is not there', async (args, message) => {
  const { code, err, out } = await nova(...args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain(message);
});

test('shows errors of the API with name, status and request', async () => {
  const { code, err } = await boot('--availability-zone', 'moon', 'x');
  expect(code).toBe(1);
  expect(err).toMatch(
    /^ERROR \(BadRequest\): The requested availability zone is not available \(HTTP 400\) \(Request-ID: req-[0-9a-f-]{36}\)\n$/,
  );
});

test('deletes several servers, and goes on after one that is not there', async () => {
  await boot('--poll', '--min-count', '2', 'gone');
  const { code, out, err } = await nova('delete', '--poll', 'gone-1', 'nobody', 'gone-2');
  expect(code).toBe(1);
  expect(out).toBe(
    'Request to delete server gone-1 has been accepted.\nRequest to delete server gone-2 has been accepted.\n',
  );
  expect(err).toMatch(
    /'nobody' exists\.\nERROR \(CommandError\): Unable to delete the specified server\(s\)\.\n$/,
  );
  expect((await nova('list', '--json', '--name', 'gone-')).json()).toEqual([]);
});

test('stops, starts and reboots', async () => {
  const { id } = (await boot('--poll', '--json', 'powered')).json();
  expect((await nova('stop', 'powered', '--poll', '--json')).json()).toMatchObject({ id, status: 'SHUTOFF' });
  const again = await nova('stop', 'powered');
  expect(again.code).toBe(1);
  expect(again.err).toMatch(
    /^ERROR \(Conflict\): Cannot 'stop' instance .* while it is in vm_state stopped \(HTTP 409\)/,
  );
  const started = await nova('start', 'powered', '--poll');
  expect(started).toMatchObject({ code: 0, out: 'Request to start server powered has been accepted.\n' });
  expect(started.err).toMatch(/Server starting\.\.\. \(ACTIVE\)\nFinished\n$/);
  expect((await nova('reboot', 'powered', '--poll', '--json')).json()).toMatchObject({ status: 'ACTIVE' });
  expect((await nova('reboot', '--hard', 'powered', '--poll', '--json')).json()).toMatchObject({
    status: 'ACTIVE',
  });
});

test('pauses and unpauses', async () => {
  const { id } = (await boot('--poll', '--json', 'paused')).json();
  expect((await nova('pause', 'paused', '--poll', '--json')).json()).toMatchObject({ id, status: 'PAUSED' });
  const again = await nova('pause', 'paused');
  expect(again.err).toMatch(/^ERROR \(Conflict\): Cannot 'pause' instance .* vm_state paused \(HTTP 409\)/);
  expect((await nova('list', '--json', '--status', 'PAUSED')).json()).toMatchObject([{ id }]);
  const unpaused = await nova('unpause', 'paused', '--poll');
  expect(unpaused).toMatchObject({ code: 0, out: 'Request to unpause server paused has been accepted.\n' });
  expect(unpaused.err).toMatch(/Server unpausing\.\.\. \(ACTIVE\)\nFinished\n$/);
});

test('changes the power of the other servers when one cannot be changed, and fails in the end', async () => {
  await boot('--poll', 'present');
  const stopped = await nova('stop', 'absent', 'present', '--poll', '--json');
  expect(stopped.code).toBe(1);
  expect(stopped.err).toMatch(/No server with .* 'absent'.*\n[\s\S]*Unable to stop the specified server/);
  expect(stopped.json()).toMatchObject({
    servers: [{ name: 'present', status: 'SHUTOFF' }],
    failed: [{ server: 'absent', error: expect.stringContaining("'absent'") }],
  });
});

test('shows the console', async () => {
  await boot('--poll', 'talker');
  const all = await nova('console-log', 'talker');
  expect(all.out.trimEnd().split('\n').length).toBeGreaterThan(0);
  const last = (await nova('console-log', 'talker', '--length', '1', '--json')).json();
  expect(last.output.trimEnd()).toBe(all.out.trimEnd().split('\n').at(-1));
});

test('lists, attaches and detaches interfaces', async () => {
  await boot('--poll', 'wired');
  const attached = (
    await nova('interface-attach', 'wired', '--net-id', 'private', '--fixed-ip', '10.0.8.8', '--json')
  ).json();
  expect(attached.fixed_ips[0].ip_address).toBe('10.0.8.8');
  const { out } = await nova('interface-list', 'wired');
  expect(out).toMatch(/\| Port State \| Port ID +\| Net ID +\| IP addresses \| MAC Addr +\|/);
  expect(out).toContain('| 10.0.8.8     |');
  const detached = await nova('interface-detach', 'wired', attached.port_id);
  expect(detached.code).toBe(0);
  await expect.poll(async () => (await nova('interface-list', 'wired', '--json')).json().length).toBe(1);
  expect((await nova('interface-attach', 'wired', '--fixed-ip', '10.0.8.8')).code).toBe(2);
});

test.each(['..', '.', ''])("refuses an interface's id that would lead to its server: %j", async (port) => {
  const { id } = (await boot('--poll', '--json', 'kept')).json();
  const { code, err } = await nova('interface-detach', id, port);
  expect([code, err]).toEqual([1, `ERROR (CommandError): '${port}' is no ID.\n`]);
  expect((await nova('show', '--json', id)).json()).toMatchObject({ id, status: 'ACTIVE' });
  await nova('delete', id);
});

test('lists the servers that were asked for, and says which parameter it does not understand', async () => {
  const names = async (...args: string[]) =>
    (await nova('list', '--json', ...args)).json().map(({ name }: { name: string }) => name);
  await boot('--poll', 'a.b');
  await boot('--poll', 'axb');
  expect(await names('--name', '^a.b$', '--sort', 'display_name:asc')).toEqual(['a.b', 'axb']);
  expect(await names('--name', '^a\\.b$', '--flavor', 'm1.tiny', '--image', 'cirros')).toEqual(['a.b']);
  expect(await names('--name', '^a.b$', '--vm-state', 'error')).toEqual([]);
  expect(await names('--name', '^a.b$', '--limit', '1')).toEqual(['axb']);
  expect(await names('--all-tenants', '--tenant', 'other')).toEqual([]);
  expect((await nova('list', '--name', '(')).err).toMatch(
    /^ERROR \(BadRequest\): .*name\. It is not a 'regex'/,
  );
  // A name is a name, and no pattern.
  expect((await nova('delete', '--poll', 'a.b')).code).toBe(0);
  expect(await names('--name', '^a.b$')).toEqual(['axb']);
  expect(await names('--name', '^a.b$', '--deleted')).toEqual(['a.b']);
});

test('works on the servers of one project', async () => {
  const { id } = (await boot('--json', 'ours')).json();
  const other = (...args: string[]) => nova('--os-project-id', 'other', ...args);
  expect((await other('list', '--json')).json()).toEqual([]);
  expect((await other('show', id)).err).toMatch(/^ERROR \(CommandError\): No server with/);
  expect((await other('delete', id)).code).toBe(1);
  expect(
    (await other('boot', '--json', '--flavor', '1', '--image', 'cirros', 'theirs')).json(),
  ).toMatchObject({
    tenant_id: 'other',
  });
  expect((await nova('show', 'theirs')).code).toBe(1);
  expect((await nova('list', '--json', '--tenant', 'other')).json()).toMatchObject([{ name: 'theirs' }]);
});

test('lists what servers are made from', async () => {
  expect((await nova('flavor-list')).out).toMatch(
    /\| 1 +\| m1\.tiny +\| 512 +\| 1 +\| 0 +\| 0 +\| 1 +\| 1\.0 +\| True/,
  );
  expect((await nova('flavor-list', '--json')).json()).toHaveLength(5);
  expect((await nova('image-list')).out).toMatch(/\| cirros \| ACTIVE/);
  expect((await nova('network-list')).out).toMatch(/\| private \| 10\.0\.0\.0\/16/);
});

test('lists daemons and hypervisors, and disables a compute', async () => {
  const services = (await nova('service-list', '--json')).json();
  expect(
    services.map(({ binary, host }: { binary: string; host: string }) => `${binary}@${host}`).sort(),
  ).toEqual(['nova-compute@host1', 'nova-compute@host2', 'nova-conductor@control', 'nova-scheduler@control']);
  expect((await nova('hypervisor-list')).out).toMatch(/\| host1 +\| up +\| enabled/);
  expect((await nova('service-disable', 'host1', '--reason', 'dust')).out).toMatch(
    /\| disabled_reason \| dust/,
  );
  expect((await nova('service-list', '--host', 'host1')).out).toMatch(/disabled .* dust/);
  expect((await nova('service-enable', 'host1', '--json')).json()).toMatchObject({ status: 'enabled' });
  expect((await nova('service-force-down', 'host1', '--json')).json()).toMatchObject({ forced_down: true });
  expect((await nova('service-list', '--json', '--host', 'host1')).json()).toMatchObject([{ state: 'down' }]);
  expect((await nova('service-force-down', '--unset', 'host1')).code).toBe(0);
  expect((await nova('service-enable', 'host9')).err).toMatch(/^ERROR \(CommandError\): No service with/);
});

test('shows what an operator has set, changes a daemon by its id, and deletes one that is gone', async () => {
  const shown = async (host: string) => {
    const { out } = await nova('service-list', '--host', host, '--binary', 'nova-compute');
    const [, headings = '', , row = ''] = out.split('\n');
    const cells = row.split('|').map((cell) => cell.trim());
    return Object.fromEntries(headings.split('|').map((heading, index) => [heading.trim(), cells[index]]));
  };
  const { Id: id = '', ...host2 } = await shown('host2');
  expect(host2).toMatchObject({
    Binary: 'nova-compute',
    Status: 'enabled',
    State: 'up',
    'Disabled Reason': '-',
  });
  await nova('service-disable', id, '--reason', 'dust');
  await nova('service-force-down', id);
  expect(await shown('host2')).toMatchObject({
    Status: 'disabled',
    State: 'down',
    'Disabled Reason': 'dust',
  });
  await nova('service-enable', id);
  await nova('service-force-down', '--unset', id);
  expect(await shown('host2')).toMatchObject({
    Status: 'enabled',
    State: 'up',
    'Disabled Reason': '-',
  });
  expect((await nova('service-delete', id)).err).toMatch(
    /^ERROR \(Conflict\): Unable to delete a service that/,
  );

  const scheduler = (await nova('service-list', '--binary', 'nova-scheduler', '--json')).json()[0];
  expect((await nova('service-force-down', String(scheduler.id))).err).toMatch(/Only nova-compute services/);
  await cloud.services.find(({ name }) => name === 'nova-scheduler')?.stop();
  expect((await nova('service-delete', String(scheduler.id))).out).toBe(
    `Deleted service ${scheduler.id}: nova-scheduler on control.\n`,
  );
  expect((await nova('service-list', '--binary', 'nova-scheduler', '--json')).json()).toEqual([]);
  expect((await nova('service-delete', 'host9')).err).toMatch(/^ERROR \(CommandError\): No service with/);
});

test.each([
  [['frobnicate'], /unknown command 'frobnicate'/],
  [['boot', '--flavor', '1', '--image', 'cirros'], /missing required argument 'name'/],
  [['boot', 'x'], /required option '--flavor/],
  [['boot', '--flavor', '1', '--image', 'i', '--min-count', '0', 'x'], /--min-count.*at least 1/],
  [
    ['boot', '--flavor', '1', '--image', 'i', '--min-count', '3', '--max-count', '2', 'x'],
    /must not be greater/,
  ],
  [
    ['boot', '--flavor', '1', '--image', 'i', '--nic', 'net=1', 'x'],
    /'net' is not one of auto, none, net-id/,
  ],
  [['boot', '--flavor', '1', '--image', 'i', '--meta', 'x', 'x'], /KEY=VALUE/],
  [['list', '--limit', 'x'], /--limit/],
  [['list', '--endpoint', 'nowhere'], /--endpoint.*must be a URL/],
  [['list', '--timeout', '0'], /--timeout/],
])('%j is wrong use: exit code 2, nothing on stdout', async (args, message) => {
  const { code, out, err } = await nova(...args);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(message);
});

test('a NOVA_ENDPOINT that is not a URL is wrong use, except for help', async () => {
  const { code, err } = await runNova('nowhere', ['list']);
  expect({ code, err }).toMatchObject({
    code: 2,
    err: expect.stringMatching(/NOVA_ENDPOINT 'nowhere'.*URL/),
  });
  expect((await runNova('nowhere', ['list', '--help'])).code).toBe(0);
});

test('gives up the other servers when nobody answers', async () => {
  const { code, err } = await runNova('http://127.0.0.1:9/v2.1', ['delete', 'a', 'b']);
  expect(code).toBe(1);
  expect(err.match(/cannot reach/g)).toHaveLength(1);
});

test('prints help and version', async () => {
  const help = await nova('--help');
  expect(help.code).toBe(0);
  expect(help.out).toMatch(/boot .*\n[\s\S]*hypervisor-list/);
  const ofOne = await nova('boot', '--help');
  expect(ofOne.out).toMatch(/Global Options:\n +-V[\s\S]*--endpoint/);
  expect(ofOne.out).not.toMatch(/default: [{[]/);
  expect((await nova('boot')).err).toContain('(see nova boot --help)');
  expect(await nova('--version')).toMatchObject({ code: 0, out: '1.2.3\n' });
});
