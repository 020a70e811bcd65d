import { NovaError } from './nova-error.ts';

export class ImageNotFound extends NovaError {
  readonly code = 'IMAGE_NOT_FOUND';
  override readonly httpStatus = 404;

  constructor(data: { image_id: string }, options?: ErrorOptions) {
    super(`Image ${data.image_id} could not be found.`, data, options);
  }
}
