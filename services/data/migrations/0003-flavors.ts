import { type Migration, softDelete } from '@mini-nova/database';

/** Name, flavorid, memory in MiB, vCPUs, root disk in GiB: Nova's historic defaults. */
const seeds: readonly [name: string, flavorid: number, memoryMb: number, vcpus: number, rootGb: number][] = [
  ['m1.tiny', 1, 512, 1, 1],
  ['m1.small', 2, 2048, 1, 20],
  ['m1.medium', 3, 4096, 2, 40],
  ['m1.large', 4, 8192, 4, 80],
  ['m1.xlarge', 5, 16384, 8, 160],
];

export const flavors: Migration = {
  version: 3,
  name: 'flavors',
  up: ({ id }) => [
    `create table flavors (
      id ${id},
      name text not null,
      flavorid text not null,
      memory_mb integer not null,
      vcpus integer not null,
      root_gb integer not null,
      ephemeral_gb integer not null default 0,
      swap integer not null default 0,
      rxtx_factor double precision not null default 1,
      vcpu_weight integer default 0,
      disabled boolean not null default false,
      is_public boolean not null default true,
      extra_specs text not null default '{}',
      description text,
      ${softDelete}
    )`,
    'create unique index flavors_flavorid on flavors (flavorid) where deleted = false',
    'create unique index flavors_name on flavors (name) where deleted = false',
    ...seeds.map(seed),
  ],
};

function seed([name, flavorid, memoryMb, vcpus, rootGb]: (typeof seeds)[number]): string {
  return `insert into flavors (name, flavorid, memory_mb, vcpus, root_gb, created_at)
    values ('${name}', '${flavorid}', ${memoryMb}, ${vcpus}, ${rootGb}, '${new Date().toISOString()}')`;
}
