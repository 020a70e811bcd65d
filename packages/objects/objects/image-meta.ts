import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { listOfStrings } from '../fields/containers.ts';
import { dateTime } from '../fields/date-time.ts';
import { nullable } from '../fields/field.ts';
import { object } from '../fields/objects.ts';
import { flexibleBoolean, integer, string } from '../fields/scalars.ts';
import { uuid } from '../fields/texts.ts';
import { versionedObject } from '../versioned-object.ts';
import { ImageMetaProps } from './image-meta-props.ts';

/** An image as the image service describes it. Units: size and virtual_size bytes, min_ram MiB, min_disk GiB. */
export class ImageMeta extends versionedObject('ImageMeta', '1.8', {
  id: uuid(),
  name: string(),
  status: string(),
  visibility: string(),
  protected: flexibleBoolean(),
  checksum: string(),
  owner: string(),
  size: integer(),
  virtual_size: integer(),
  container_format: string(),
  disk_format: string(),
  created_at: nullable(dateTime()),
  updated_at: nullable(dateTime()),
  tags: listOfStrings(),
  direct_url: string(),
  min_ram: integer(),
  min_disk: integer(),
  properties: object(ImageMetaProps),
}) {
  /** From the image's REST document. @throws FieldError when a property has a value it cannot have */
  static fromImage(document: JsonObject): ImageMeta {
    const meta = new ImageMeta();
    for (const field of Object.keys(ImageMeta.fields)) {
      const value = document[field];
      if (value === undefined || field === 'properties') continue;
      meta.set(field, value === null ? (emptyValues[field] ?? null) : value);
    }
    const { properties } = document;
    meta.properties = ImageMetaProps.fromProperties(isJsonObject(properties) ? properties : {});
    return meta;
  }
}

/** What null stands for in fields that can be null in the image service but not here. */
const emptyValues: Record<string, string | number> = {
  name: '',
  checksum: '',
  owner: '',
  container_format: '',
  disk_format: '',
  size: 0,
  virtual_size: 0,
};

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
