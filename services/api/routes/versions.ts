import type { FastifyInstance } from 'fastify';
import { linkBaseOf } from '../request-state.ts';
import { versionDetails, versionDocument } from '../views/version.ts';

/** What this server speaks; clients look here first. */
export async function versionRoutes(app: FastifyInstance): Promise<void> {
  app.get('/', async (request) => ({ versions: [versionDocument(linkBaseOf(request))] }));
  app.get('/v2.1', async (request) => ({ version: versionDetails(linkBaseOf(request)) }));
}
