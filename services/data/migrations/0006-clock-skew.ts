import type { Migration } from '@mini-nova/database';

export const clockSkew: Migration = {
  version: 6,
  name: 'clock skew',
  up: () => ['alter table services add column clock_skew double precision'],
};
