/**
 * Which of an endpoint's methods can be called from outside:
 * - `legacy`: all
 * - `default`: those whose wire name has no leading underscore
 * - `explicit`: those that the endpoint names in `rpcMethods`
 */
export type AccessPolicy = 'legacy' | 'default' | 'explicit';

/** @param method the wire name */
export function isAllowed(policy: AccessPolicy, rpcMethods: readonly string[], method: string): boolean {
  switch (policy) {
    case 'legacy':
      return true;
    case 'default':
      return !method.startsWith('_');
    case 'explicit':
      return rpcMethods.includes(method);
  }
}

/** @throws TypeError when there is no such policy: it would refuse every method */
export function checkAccessPolicy(policy: AccessPolicy): AccessPolicy {
  if (policy === 'legacy' || policy === 'default' || policy === 'explicit') return policy;
  throw new TypeError(`accessPolicy is ${String(policy)}, but must be 'legacy', 'default' or 'explicit'`);
}
