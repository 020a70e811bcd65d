import type { FlavorQuery } from '@mini-nova/data/request-stores';
import { type PageQuery, pageParameters } from '../queries/page.ts';
import { badValue, type ParameterTable, type Question, readParameters } from '../queries/parameter.ts';
import { flag, integer } from '../queries/values.ts';

interface FlavorListQuery extends Omit<FlavorQuery, 'sort' | keyof PageQuery>, PageQuery {
  sortKey: string;
  sortDir: 'asc' | 'desc';
}

const SORT_KEYS: readonly string[] = [
  'created_at',
  'description',
  'disabled',
  'ephemeral_gb',
  'flavorid',
  'id',
  'is_public',
  'memory_mb',
  'name',
  'root_gb',
  'rxtx_factor',
  'swap',
  'updated_at',
  'vcpu_weight',
  'vcpus',
];

/** Nova's parameters of `GET /flavors` and `GET /flavors/detail` in version 2.1. */
export const flavorParameters: ParameterTable<FlavorListQuery> = {
  is_public: {
    for: 'administrators',
    apply: (query, values, name) => {
      // None: both, those that are public and those that are not.
      if (values[0].toLowerCase() === 'none') delete query.isPublic;
      else query.isPublic = flag(name, values);
    },
  },
  ...pageParameters,
  minDisk: {
    for: 'everyone',
    apply: (query, values, name) => {
      query.minRootGb = integer(name, values);
    },
  },
  minRam: {
    for: 'everyone',
    apply: (query, values, name) => {
      query.minMemoryMb = integer(name, values);
    },
  },
  sort_dir: {
    for: 'everyone',
    apply: (query, [text], name) => {
      if (text !== 'asc' && text !== 'desc') throw badValue(name, 'It is not one of asc, desc');
      query.sortDir = text;
    },
  },
  sort_key: {
    for: 'everyone',
    apply: (query, [text], name) => {
      if (!SORT_KEYS.includes(text)) throw badValue(name, `It is not one of ${SORT_KEYS.join(', ')}`);
      query.sortKey = text;
    },
  },
};

/** The flavors that a query asks for: by default the public ones, in the order of their ids. @throws BadRequest */
export function flavorSearch(request: Question, maxLimit: number): FlavorQuery & { limit: number } {
  const query = readParameters<FlavorListQuery>(flavorParameters, request, {
    isPublic: true,
    sortKey: 'flavorid',
    sortDir: 'asc',
    limit: maxLimit,
  });
  const { sortKey, sortDir, ...rest } = query;
  const columns = [...new Set([sortKey, 'id'])];
  return {
    ...rest,
    sort: columns.map((column) => ({ column, direction: sortDir })),
  };
}
