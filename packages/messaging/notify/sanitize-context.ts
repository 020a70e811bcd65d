import type { JsonObject } from '../json.ts';

/**
 * What of a request's context may travel with a notification, which many may read: who acted, and for which request.
 * Tokens and service catalogues stay here. The list is oslo.messaging's.
 */
const SAFE_KEYS: ReadonlySet<string> = new Set([
  'user_id',
  'project_id',
  'domain_id',
  'user_domain_id',
  'project_domain_id',
  'is_admin',
  'request_id',
  'roles',
  'user_name',
  'project_name',
  'domain_name',
  'user_domain_name',
  'project_domain_name',
  'service_user_id',
  'service_user_domain_id',
  'service_user_domain_name',
  'service_project_id',
  'service_project_name',
  'service_project_domain_id',
  'service_project_domain_name',
  'service_roles',
  'global_request_id',
  'system_scope',
  'user',
  'domain',
  'user_domain',
  'project_domain',
]);

/** The context without what must not be published. */
export function sanitizeContext(ctxt: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(ctxt).filter(([key]) => SAFE_KEYS.has(key)));
}
