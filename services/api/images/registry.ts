import type { JsonObject } from '@mini-nova/messaging';
import { ImageMeta, ImageMetaProps } from '@mini-nova/objects';
import type { ImageDefinition } from './options.ts';

/** The images of the configuration (`[image] images`): there is no image service. */
export class ImageRegistry {
  /** When the registry was read: the date of its images. */
  readonly since = new Date();
  readonly #images: ReadonlyMap<string, ImageDefinition>;

  constructor(images: readonly ImageDefinition[]) {
    this.#images = new Map(images.map((image) => [image.id, image]));
  }

  list(): ImageDefinition[] {
    return [...this.#images.values()];
  }

  find(id: string): ImageDefinition | undefined {
    return this.#images.get(id);
  }

  /** The image as Nova sends it along with a build. */
  wireDocument(image: ImageDefinition): JsonObject {
    const date = `${this.since.toISOString().slice(0, -1)}000`;
    return {
      id: image.id,
      name: image.name,
      created_at: date,
      updated_at: date,
      deleted_at: null,
      deleted: false,
      status: 'active',
      is_public: true,
      container_format: image.container_format,
      disk_format: image.disk_format,
      size: String(image.size),
      min_ram: image.min_ram,
      min_disk: image.min_disk,
      protected: false,
      visibility: 'public',
      tags: [],
      properties: { ...image.properties },
    };
  }

  /** The image as the scheduler sees it. */
  imageMeta(image: ImageDefinition): ImageMeta {
    return new ImageMeta({
      id: image.id,
      name: image.name,
      status: 'active',
      visibility: 'public',
      protected: false,
      size: image.size,
      container_format: image.container_format,
      disk_format: image.disk_format,
      created_at: this.since,
      updated_at: this.since,
      tags: [],
      min_ram: image.min_ram,
      min_disk: image.min_disk,
      properties: new ImageMetaProps(),
    });
  }
}
