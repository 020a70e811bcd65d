import { BadRequest } from '../http-errors.ts';
import type { ListServersQuery } from '../schemas/servers.ts';
import { statesOfStatus } from '../views/server-status.ts';

/** What a list of servers is narrowed to. */
export interface ServerFilters {
  projectId?: string;
  userId?: string;
  host?: string;
  /** Equal to the name. */
  name?: string;
  /** Somewhere in the name. */
  nameContains?: string;
  imageRef?: string;
  /** The flavor id that users see. */
  flavorid?: string;
  reservationId?: string;
  vmStates?: string[];
  taskStates?: string[];
  deleted?: boolean;
  /** The servers after this one. */
  marker?: string;
  limit: number;
}

/**
 * The filters of a query. `name` matches anywhere, or as a whole with `^…$`; Nova takes any regular expression there,
 * which databases understand differently.
 *
 * @returns undefined when no server can match
 */
export function serverFilters(
  query: ListServersQuery,
  { projectId, maxLimit }: { projectId: string | null; maxLimit: number },
): ServerFilters | undefined {
  const states = query.status === undefined ? {} : statesOfStatus([query.status].flat());
  if (states === undefined) return undefined;
  const { limit = maxLimit } = query;
  return {
    ...owner(query, projectId),
    ...nameFilter(query.name),
    ...states,
    ...(query.user_id !== undefined && { userId: query.user_id }),
    ...(query.host !== undefined && { host: query.host }),
    ...(query.image !== undefined && { imageRef: query.image }),
    ...(query.flavor !== undefined && { flavorid: query.flavor }),
    ...(query.reservation_id !== undefined && { reservationId: query.reservation_id }),
    ...(query.deleted !== undefined && { deleted: flag('deleted', query.deleted) }),
    ...(query.marker !== undefined && { marker: query.marker }),
    limit: Math.min(Number(limit), maxLimit),
  };
}

function owner(query: ListServersQuery, projectId: string | null): { projectId?: string } {
  const { project_id, tenant_id, all_tenants } = query;
  const named = project_id ?? tenant_id;
  if (named !== undefined) return { projectId: named };
  // Nova reads `all_tenants` without a value as true.
  if (all_tenants !== undefined && (all_tenants === '' || flag('all_tenants', all_tenants))) return {};
  return projectId === null ? {} : { projectId };
}

function nameFilter(name: string | undefined): { name?: string; nameContains?: string } {
  if (name === undefined) return {};
  const [, whole] = /^\^(.*)\$$/s.exec(name) ?? [];
  return whole === undefined ? { nameContains: name } : { name: whole };
}

const TRUE = ['1', 't', 'true', 'on', 'y', 'yes'];
const FALSE = ['0', 'f', 'false', 'off', 'n', 'no'];

function flag(name: string, text: string): boolean {
  const word = text.toLowerCase();
  if (TRUE.includes(word)) return true;
  if (FALSE.includes(word)) return false;
  throw new BadRequest(
    `Invalid input for query parameters ${name}. Value: ${text}. '${text}' is not a 'boolean'`,
  );
}
