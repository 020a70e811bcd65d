import type { FastifyInstance } from 'fastify';

export interface Route {
  method: string;
  /** With parameters as `:name`. */
  path: string;
}

/** All routes of an app, read from the tree that Fastify prints, so that none is forgotten. */
export async function routesOf(app: FastifyInstance): Promise<Route[]> {
  await app.ready();
  const parents: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] = /^([│ ]*)[└├]── (\S+) \((.+)\)$/.exec(line) ?? [];
      if (part === '') return [];
      const depth = indent.length / 4;
      const path = `${parents[depth - 1] ?? ''}${part}`;
      parents[depth] = path;
      return methods.split(', ').map((method) => ({ method, path }));
    });
}

/** The path with `value` for each parameter, except the project, which stays a valid one. */
export function filled(path: string, value: string): string {
  return path.replace(/:project_id\([^)]*\)/, 'ac3e').replaceAll(/:\w+/g, value);
}
