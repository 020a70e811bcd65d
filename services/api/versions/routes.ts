import type { RouteOptions } from 'fastify';
import type { Api } from '../dependencies.ts';
import { VersionAnswer, VersionListAnswer } from '../documents/version.ts';
import { linkBaseOf } from '../request-state.ts';
import { versionDetails, versionDocument } from './view.ts';

/** The supported versions; clients look here first. */
export function versionRoutes(app: Api, routes: readonly RouteOptions[]): void {
  app.get(
    '/',
    { schema: { response: { 200: VersionListAnswer } }, config: { microversions: 'any' } },
    async (request) => ({ versions: [versionDocument(linkBaseOf(request))] }),
  );

  app.get('/v2.1', { schema: { response: { 200: VersionAnswer } } }, async (request) => ({
    version: versionDetails(linkBaseOf(request)),
  }));

  let document: Promise<object> | undefined;
  app.get('/v2.1/openapi.json', { schema: { response: { 200: { type: 'object' } } } }, async () => {
    // The code that makes it is loaded when a client asks.
    document ??= import('../openapi.ts').then(({ openApiDocument }) => openApiDocument(routes));
    document.catch(() => {
      document = undefined;
    });
    return document;
  });
}
