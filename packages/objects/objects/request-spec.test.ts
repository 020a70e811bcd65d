import { readFileSync } from 'node:fs';
import type { JsonObject } from '@mini-nova/messaging';
import { describe, expect, it } from 'vitest';
import { Flavor } from './flavor.ts';
import { RequestSpec } from './request-spec.ts';
import { SecurityGroup, SecurityGroupList } from './security-group.ts';

interface Entry {
  method: string;
  args: { image: JsonObject; request_specs: JsonObject[] };
}

const text = readFileSync(new URL('../testdata/nova-26-rpc.json', import.meta.url), 'utf8');
const recorded = (JSON.parse(text) as Entry[]).find(
  ({ method }) => method === 'schedule_and_build_instances',
)?.args;

const instanceUuid = '5c293179-7bc0-4391-b8c8-f1637983336f';
const base = {
  instanceUuid,
  projectId: 'p1',
  userId: 'u1',
  image: null,
  flavor: Flavor.hydrate({ vcpus: 1 }),
};

describe('from its components', () => {
  it('has the fields and values of the spec Nova makes', () => {
    const theirs = RequestSpec.fromPrimitive(recorded?.request_specs[0] ?? {});
    const ours = RequestSpec.fromComponents({
      instanceUuid: theirs.instance_uuid,
      projectId: theirs.project_id ?? '',
      userId: theirs.user_id ?? '',
      image: recorded?.image ?? {},
      flavor: theirs.flavor,
      securityGroups: new SecurityGroupList({ objects: [new SecurityGroup({ name: 'default' })] }),
    });
    ours.id = theirs.id;
    const data = (spec: RequestSpec) => withoutChanges(spec.toPrimitive());
    expect(data(ours)).toEqual(data(theirs));
  });

  it('takes limits and past attempts from filter properties', () => {
    const spec = RequestSpec.fromComponents({
      ...base,
      filterProperties: { limits: { memory_mb: 1024.5 }, retry: { num_attempts: 2, hosts: [['h1', 'n1']] } },
    });
    expect(spec.limits?.values()).toEqual({
      memory_mb: 1024,
      vcpu: null,
      disk_gb: null,
      numa_topology: null,
    });
    expect(spec.retry?.num_attempts).toBe(2);
    expect(spec.retry?.hosts.objects.map((node) => [node.host, node.hypervisor_hostname])).toEqual([
      ['h1', 'n1'],
    ]);
  });

  it('takes hosts to use and to avoid', () => {
    const filterProperties = { force_hosts: ['h1'], ignore_hosts: ['h2'] };
    const spec = RequestSpec.fromComponents({ ...base, filterProperties });
    expect([spec.force_hosts, spec.ignore_hosts, spec.force_nodes]).toEqual([['h1'], ['h2'], null]);
  });

  it('is the same after a trip over the wire', () => {
    const spec = RequestSpec.fromComponents(base);
    expect(RequestSpec.fromPrimitive(spec.toPrimitive()).toPrimitive()).toEqual(spec.toPrimitive());
  });
});

function withoutChanges(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner: unknown) =>
    key === 'nova_object.changes' ? undefined : inner,
  );
}
