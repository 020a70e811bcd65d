import { fileURLToPath } from 'node:url';
import { apiFixture } from '@mini-nova/services-testing/api-fixture';
import { pythonWithOpenstackClients, runOk } from '@mini-nova/testing';
import { expect, it } from 'vitest';

const SCRIPT = fileURLToPath(new URL('support/openstack_clients.py', import.meta.url));

it("answers OpenStack's own clients", async () => {
  const { app, instance, compute } = await apiFixture({ maxLimit: 2 });
  await compute('host1');
  await instance({ display_name: 'web-1' });
  await instance({ display_name: 'web-2', vm_state: 'stopped' });
  await instance({ display_name: 'db' });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const answers = await runOk(await pythonWithOpenstackClients(), [SCRIPT, `${address}/v2.1`], {
    timeout: 120,
  });
  expect(JSON.parse(answers)).toEqual({
    'nova list': ['db', 'web-2'],
    'nova list --limit -1': ['db', 'web-1', 'web-2'],
    'nova list --name --status': ['web-1'],
    'nova list --sort': ['db', 'web-1'],
    'nova show web-1': 'ACTIVE',
    'nova flavor-list': 2,
    'nova flavor-list --all': 2,
    'nova flavor-list --limit': ['m1.large', 'm1.xlarge'],
    'nova service-list': ['nova-compute'],
    'nova hypervisor-list': 0,
    'nova list, filter of a later version': 'BadRequest',
    'nova 2.90': 'NotAcceptable',
    'sdk servers': ['db', 'web-1', 'web-2'],
    'sdk servers by filter': ['web-1'],
    'sdk flavors': 5,
    'sdk flavors in pages': 5,
    'sdk find': 'web-1',
    'sdk services': ['nova-compute'],
    'sdk hypervisors': 0,
    'sdk images': ['cirros'],
  });
});
