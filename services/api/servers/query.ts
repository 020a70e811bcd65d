import type {
  InstanceCondition,
  NumberColumn,
  TextColumn,
  TimeColumn,
} from '@mini-nova/data/instances/search';
import type { InstanceQuery } from '@mini-nova/data/request-stores';
import type { SortKey } from '@mini-nova/database';
import { statesOfStatus } from '@mini-nova/domain/states/server-status';
import { VmState } from '@mini-nova/domain/states/vm-state';
import { type PageQuery, pageParameters } from '../queries/page.ts';
import {
  badValue,
  type Parameter,
  type ParameterTable,
  type Question,
  readParameters,
} from '../queries/parameter.ts';
import { flag, pattern, time } from '../queries/values.ts';

/** What a request for a list of servers asks for. */
interface ServerQuery extends PageQuery {
  conditions: InstanceCondition[];
  /** It names the project or projects. */
  ofProjects: boolean;
  /** The flavor's id as users see it. */
  flavorid?: string;
  /** Undefined: not said, so that it depends on the rest. */
  deleted?: boolean;
  /** Other parameters ask for what may be true of deleted servers, too. */
  mayBeDeleted: boolean;
  sortKeys: readonly string[];
  sortDirs: readonly string[];
}

export interface ServerSearch extends InstanceQuery {
  flavorid?: string;
  limit: number;
  /** Not only those of the request's project. */
  allProjects: boolean;
}

type ServerParameter = Parameter<ServerQuery>;

const SORT_KEYS: readonly string[] = [
  'access_ip_v4',
  'access_ip_v6',
  'auto_disk_config',
  'availability_zone',
  'config_drive',
  'created_at',
  'display_description',
  'display_name',
  'host',
  'hostname',
  'image_ref',
  'instance_type_id',
  'kernel_id',
  'key_name',
  'launch_index',
  'launched_at',
  'locked_by',
  'node',
  'power_state',
  'progress',
  'project_id',
  'ramdisk_id',
  'root_device_name',
  'task_state',
  'terminated_at',
  'updated_at',
  'user_id',
  'uuid',
  'vm_state',
];

/** Nova's parameters of `GET /servers` and `GET /servers/detail` in version 2.1. */
export const serverParameters: ParameterTable<ServerQuery> = {
  'changes-since': {
    for: 'everyone',
    apply: (query, values, name) => {
      query.conditions.push({ changedSince: time(name, values) });
      query.mayBeDeleted = true;
    },
  },
  access_ip_v4: matching('access_ip_v4'),
  access_ip_v6: matching('access_ip_v6'),
  all_tenants: {
    for: 'administrators',
    apply: (query, values, name) => {
      // Nova reads it as true without a value.
      query.ofProjects ||= values[0] === '' || flag(name, values);
    },
  },
  auto_disk_config: {
    for: 'administrators',
    apply: (query, values, name) => query.conditions.push({ autoDiskConfig: flag(name, values) }),
  },
  availability_zone: matching('availability_zone'),
  config_drive: {
    for: 'administrators',
    apply: (query, values, name) => {
      const column = 'config_drive';
      const wanted = flag(name, values);
      query.conditions.push(wanted ? { column, matches: pattern(name, ['.']) } : { column, in: ['', null] });
    },
  },
  created_at: matching('created_at'),
  deleted: {
    for: 'administrators',
    apply: (query, values, name) => {
      query.deleted = flag(name, values);
    },
  },
  description: matching('display_description'),
  display_description: matching('display_description'),
  display_name: matching('display_name'),
  flavor: {
    for: 'everyone',
    apply: (query, [text]) => {
      query.flavorid = text;
    },
  },
  host: equal('host'),
  hostname: matching('hostname'),
  image: { ...equal('image_ref'), for: 'everyone' },
  image_ref: equal('image_ref'),
  ip: address(4, 'everyone'),
  ip6: address(6, 'administrators'),
  kernel_id: matching('kernel_id'),
  key_name: matching('key_name'),
  launch_index: matching('launch_index'),
  launched_at: matching('launched_at'),
  limit: pageParameters.limit,
  locked_by: matching('locked_by'),
  marker: pageParameters.marker,
  name: { ...matching('display_name'), for: 'everyone' },
  node: matching('node'),
  power_state: matching('power_state'),
  progress: matching('progress'),
  project_id: project(),
  ramdisk_id: matching('ramdisk_id'),
  reservation_id: { ...matching('reservation_id'), for: 'everyone' },
  root_device_name: matching('root_device_name'),
  soft_deleted: {
    for: 'administrators',
    // There is no such thing as a soft-deleted server, so with and without them is the same.
    apply: (_query, values, name) => void flag(name, values),
  },
  sort_dir: {
    for: 'everyone',
    several: true,
    apply: (query, values, name) => {
      query.sortDirs = chosen(name, values, ['asc', 'desc']);
    },
  },
  sort_key: {
    for: 'everyone',
    several: true,
    apply: (query, values, name) => {
      query.sortKeys = chosen(name, values, SORT_KEYS);
    },
  },
  status: {
    for: 'everyone',
    several: true,
    apply: (query, values) => {
      const states = statesOfStatus(values);
      query.conditions.push({ states });
      query.mayBeDeleted ||= states.some(({ vmState }) => vmState === VmState.DELETED);
    },
  },
  task_state: equal('task_state'),
  tenant_id: project(),
  terminated_at: matching('terminated_at'),
  user_id: equal('user_id'),
  uuid: equal('uuid'),
  vm_state: {
    for: 'administrators',
    apply: (query, [text]) => {
      query.conditions.push({ column: 'vm_state', in: [text] });
      query.mayBeDeleted ||= text === VmState.DELETED;
    },
  },
};

/**
 * What to search for: servers of the request's project, unless the query names others, and living ones, unless it asks
 * for what may be true of deleted ones, too.
 *
 * @throws BadRequest
 */
export function serverSearch(request: Question, maxLimit: number): ServerSearch {
  const query = readParameters(serverParameters, request, {
    conditions: [],
    ofProjects: false,
    mayBeDeleted: false,
    sortKeys: [],
    sortDirs: [],
    limit: maxLimit,
  });
  const { conditions, ofProjects, deleted, mayBeDeleted, flavorid, marker, limit } = query;
  return {
    conditions,
    allProjects: ofProjects,
    deleted: deleted ?? (mayBeDeleted ? 'any' : false),
    limit,
    ...sorting(query),
    ...(flavorid !== undefined && { flavorid }),
    ...(marker !== undefined && { marker }),
  };
}

function equal(column: TextColumn): ServerParameter {
  return { for: 'administrators', apply: (query, [text]) => query.conditions.push({ column, in: [text] }) };
}

function matching(column: TextColumn | NumberColumn | TimeColumn): ServerParameter {
  return {
    for: 'administrators',
    apply: (query, values, name) => query.conditions.push({ column, matches: pattern(name, values) }),
  };
}

function project(): ServerParameter {
  return {
    for: 'administrators',
    apply: (query, [text]) => {
      query.conditions.push({ column: 'project_id', in: [text] });
      query.ofProjects = true;
    },
  };
}

/** When both versions are asked for, either may match. The pattern is for the beginning of an address. */
function address(version: 4 | 6, who: ServerParameter['for']): ServerParameter {
  return {
    for: who,
    apply: (query, values, name) => {
      pattern(name, values);
      const known = query.conditions.find((condition) => 'addresses' in condition);
      const addresses = { ...known?.addresses, [version]: pattern(name, [`^(?:${values[0]})`]) };
      query.conditions = [...query.conditions.filter((condition) => condition !== known), { addresses }];
    },
  };
}

function chosen(name: string, values: readonly string[], allowed: readonly string[]): string[] {
  const words = values.map((value) => value.trim());
  if (words.every((word) => allowed.includes(word))) return words;
  throw badValue(name, `It is not one of ${allowed.join(', ')}`);
}

/** Nova's rule: a key without a direction has that of the first one, and ties are ordered by age. */
function sorting({ sortKeys, sortDirs }: ServerQuery): { sort?: SortKey[] } {
  if (sortKeys.length === 0 && sortDirs.length === 0) return {};
  const keys = sortKeys.length === 0 ? ['created_at'] : sortKeys;
  if (sortDirs.length > keys.length) throw badValue('sort_dir', 'It is given more often than sort_key.');
  const ways = sortDirs.map((word) => (word === 'asc' ? 'asc' : 'desc'));
  const { 0: first = 'desc' } = ways;
  const columns = [...new Set([...keys, 'created_at', 'id'])];
  return { sort: columns.map((column) => ({ column, direction: ways[keys.indexOf(column)] ?? first })) };
}
