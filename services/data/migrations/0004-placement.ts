import { type Migration, times } from '@mini-nova/database';

export const placement: Migration = {
  version: 4,
  name: 'placement',
  up: () => [
    `create table resource_providers (
      uuid text primary key,
      name text not null,
      generation integer not null default 0,
      ${times}
    )`,
    `create table inventories (
      provider_uuid text not null references resource_providers (uuid) on delete cascade,
      resource_class text not null,
      total integer not null,
      reserved integer not null,
      allocation_ratio double precision not null,
      primary key (provider_uuid, resource_class)
    )`,
    // Not bound to the inventory's row: replacing an inventory keeps what was allocated.
    `create table allocations (
      consumer_uuid text not null,
      provider_uuid text not null references resource_providers (uuid),
      resource_class text not null,
      used integer not null,
      created_at text not null,
      primary key (consumer_uuid, provider_uuid, resource_class)
    )`,
    'create index allocations_provider on allocations (provider_uuid)',
  ],
};
