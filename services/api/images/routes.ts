import type { FastifyRequest } from 'fastify';
import type { Api, ApiDependencies } from '../dependencies.ts';
import { ImageAnswer, ImageDetailAnswer, ImageListAnswer } from '../documents/image.ts';
import type { Link } from '../documents/link.ts';
import { itemPath } from '../documents/values.ts';
import { NotFound } from '../http-errors.ts';
import { nextLink } from '../links.ts';
import { linkBaseOf } from '../request-state.ts';
import type { ImageDefinition } from './options.ts';
import { findImages, imageParameters } from './query.ts';
import { imageBrief, imageDocument } from './view.ts';

export function imageRoutes(app: Api, { images, settings }: ApiDependencies): void {
  const config = { query: imageParameters };
  app.get('/images', { schema: { response: { 200: ImageListAnswer } }, config }, async (request) => {
    const { found, links } = page(request, 'images');
    const base = linkBaseOf(request);
    return { images: found.map((image) => imageBrief(image, base)), ...links };
  });

  app.get('/images/detail', { schema: { response: { 200: ImageDetailAnswer } }, config }, async (request) => {
    const { found, links } = page(request, 'images/detail');
    const base = linkBaseOf(request);
    return { images: found.map((image) => imageDocument(image, images.since, base)), ...links };
  });

  app.get(
    '/images/:id',
    { schema: { params: itemPath, response: { 200: ImageAnswer } } },
    async (request) => {
      const image = images.find(request.params.id);
      if (!image) throw new NotFound(`Image ${request.params.id} could not be found.`);
      return { image: imageDocument(image, images.since, linkBaseOf(request)) };
    },
  );

  function page(
    request: FastifyRequest,
    collection: string,
  ): { found: ImageDefinition[]; links: { images_links?: Link[] } } {
    const { page: found, full } = findImages(images, request, settings.maxLimit);
    const last = full ? found.at(-1) : undefined;
    if (!last) return { found, links: {} };
    return {
      found,
      links: { images_links: [nextLink(linkBaseOf(request), collection, request.query, last.id)] },
    };
  }
}
