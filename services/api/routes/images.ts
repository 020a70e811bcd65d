import type { FastifyInstance } from 'fastify';
import type { ApiDependencies } from '../dependencies.ts';
import { NotFound } from '../http-errors.ts';
import { linkBaseOf } from '../request-state.ts';
import { imageBrief, imageDocument } from '../views/image.ts';

export function imageRoutes(app: FastifyInstance, { images }: ApiDependencies): void {
  app.get('/images', async (request) => {
    const base = linkBaseOf(request);
    return { images: images.list().map((image) => imageBrief(image, base)) };
  });

  app.get('/images/detail', async (request) => {
    const base = linkBaseOf(request);
    return { images: images.list().map((image) => imageDocument(image, images.since, base)) };
  });

  app.get<{ Params: { id: string } }>('/images/:id', async (request) => {
    const image = images.find(request.params.id);
    if (!image) throw new NotFound(`Image ${request.params.id} could not be found.`);
    return { image: imageDocument(image, images.since, linkBaseOf(request)) };
  });
}
