import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { assertVersion } from '../microversion.ts';
import { linkBaseOf } from '../request-state.ts';
import { versionDetails, versionDocument } from '../views/version.ts';

/** What this server speaks; clients look here first. */
export async function versionRoutes(app: FastifyInstance): Promise<void> {
  app.get('/', async (request) => ({ versions: [versionDocument(linkBaseOf(request))] }));
  const ofVersion = {
    onRequest: async (request: FastifyRequest, reply: FastifyReply) => assertVersion(request, reply),
  };
  app.get('/v2.1', ofVersion, async (request) => ({ version: versionDetails(linkBaseOf(request)) }));
}
