"""Asks a compute API what OpenStack's own clients can ask, and prints the answers as JSON."""

import json
import sys

from keystoneauth1 import noauth, session
from novaclient import client
import openstack

endpoint = sys.argv[1]


def nova(version='2.1'):
    auth = noauth.NoAuth(endpoint=endpoint)
    return client.Client(version, session=session.Session(auth=auth), endpoint_override=endpoint)


def names(found):
    return sorted(each.name for each in found)


def failure(ask):
    try:
        ask()
    except Exception as error:
        return type(error).__name__
    return None


n = nova()
compute = openstack.connect(auth_type='none', auth={'endpoint': endpoint}).compute
search = {'all_tenants': 1, 'name': '^web', 'status': 'ACTIVE', 'config_drive': False, 'ip': '', 'deleted': False}

print(json.dumps({
    'nova list': names(n.servers.list()),
    'nova list --limit -1': names(n.servers.list(limit=-1)),
    'nova list --name --status': names(n.servers.list(search_opts=search)),
    'nova list --sort': [s.name for s in n.servers.list(sort_keys=['display_name'], sort_dirs=['asc'])],
    'nova show web-1': n.servers.find(name='web-1').status,
    'nova flavor-list': len(n.flavors.list()),
    'nova flavor-list --all': len(n.flavors.list(is_public=None)),
    'nova flavor-list --limit': names(n.flavors.list(limit=2, sort_key='memory_mb', sort_dir='desc')),
    'nova service-list': [s.binary for s in n.services.list(binary='nova-compute')],
    'nova hypervisor-list': len(n.hypervisors.list()),
    'nova list, filter of a later version': failure(lambda: n.servers.list(search_opts={'tags': 'x'})),
    'nova 2.90': failure(lambda: nova('2.90').servers.list()),
    'sdk servers': names(compute.servers(all_projects=True)),
    'sdk servers by filter': names(compute.servers(name='web-1', vm_state='active', limit=1)),
    'sdk flavors': len(list(compute.flavors(is_public=None, get_extra_specs=True))),
    'sdk flavors in pages': len(list(compute.flavors(limit=2))),
    'sdk find': compute.find_server('web-1').name,
    'sdk services': [s.binary for s in compute.services()],
    'sdk hypervisors': len(list(compute.hypervisors(details=True))),
    'sdk images': names(compute.images()),
}))
