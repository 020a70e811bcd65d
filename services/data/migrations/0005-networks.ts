import { type Migration, times } from '@mini-nova/database';

export const networks: Migration = {
  version: 5,
  name: 'networks',
  up: () => [
    `create table networks (
      uuid text primary key,
      label text not null unique,
      cidr text not null,
      gateway text not null,
      bridge text not null,
      mtu integer not null,
      ${times}
    )`,
    `create table ports (
      uuid text primary key,
      network_uuid text not null references networks (uuid),
      mac_address text not null unique,
      ip_address text not null,
      ip_number bigint not null,
      device_uuid text,
      device_index integer not null,
      host text,
      created_for_instance boolean not null,
      ${times},
      unique (network_uuid, ip_number)
    )`,
    'create index ports_device on ports (device_uuid)',
  ],
};
