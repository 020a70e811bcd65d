import type { FastifyInstance } from 'fastify';
import { linkBaseOf } from '../request-state.ts';
import { versionDetails, versionDocument } from '../views/version.ts';

/** What this server speaks; clients look here first. */
export async function versionRoutes(app: FastifyInstance): Promise<void> {
  app.get('/', async (request) => ({ versions: [versionDocument(linkBaseOf(request))] }));
  for (const path of ['/v2.1', '/v2.1/']) {
    app.get(path, async (request) => ({ version: versionDetails(linkBaseOf(request)) }));
  }
}
