import type { FastifyInstance } from 'fastify';

export interface Route {
  method: string;
  /** With `:names` of parameters. */
  path: string;
}

/** All routes of an app, read off the tree that Fastify prints: a new one is among them. */
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

/** The path with a value for each parameter: a project is one where a project must be. */
export function filled(path: string, value: string): string {
  return path.replace(/:project_id\([^)]*\)/, 'ac3e').replaceAll(/:\w+/g, value);
}
