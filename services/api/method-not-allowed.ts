import type { FastifyContextConfig, FastifyInstance, HTTPMethods } from 'fastify';
import { faultDocument } from './http-errors.ts';

const METHODS: readonly HTTPMethods[] = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];

/** Collects the methods of each path of this plugin as its routes are added. */
export function collectMethods(app: FastifyInstance): ReadonlyMap<string, ReadonlySet<string>> {
  const allowed = new Map<string, Set<string>>();
  app.addHook('onRoute', ({ routePath, method }) => {
    const methods = allowed.get(routePath) ?? new Set();
    for (const one of [method].flat()) methods.add(one);
    allowed.set(routePath, methods);
  });
  return allowed;
}

/** Answers 405 to the methods that a known path does not have. To be called after all routes are added. */
export function refuseOtherMethods(
  app: FastifyInstance,
  collected: ReadonlyMap<string, ReadonlySet<string>>,
  config: FastifyContextConfig = {},
): void {
  // A copy: adding a route changes what is collected.
  for (const [url, methods] of [...collected].map(([path, set]) => [path, [...set]] as const)) {
    const method = METHODS.filter((one) => !methods.includes(one));
    if (method.length === 0) continue;
    app.route({
      method,
      url,
      schema: { hide: true },
      config,
      handler: async (request, reply) =>
        reply
          .code(405)
          .header('allow', methods.join(', '))
          .send(faultDocument(405, `${request.method} is not allowed for ${request.url}.`)),
    });
  }
}
