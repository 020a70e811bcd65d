import { custom } from '@mini-nova/config';

/** An image of the local registry. */
export interface ImageDefinition {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  /** MiB a flavor must have at least. */
  readonly min_ram: number;
  /** GiB a flavor must have at least. */
  readonly min_disk: number;
  /** Bytes. */
  readonly size: number;
  readonly disk_format: string;
  readonly container_format: string;
  readonly properties: Readonly<Record<string, string>>;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const DEFAULT_IMAGE: ImageDefinition = {
  id: '70a599e0-31e7-49b7-b260-868f441e862b',
  name: 'cirros',
  min_ram: 0,
  min_disk: 0,
  size: 16300544,
  disk_format: 'qcow2',
  container_format: 'bare',
  properties: {},
};

/** The images that instances can boot from. */
export const imageOptions = {
  image: {
    images: custom<readonly ImageDefinition[]>({
      name: 'image list',
      type: 'JSON',
      allowed:
        'a JSON list of images, each with a different "id" (UUID in lower case), a "name" and, if wanted, "min_ram" (MiB), "min_disk" (GiB), "size" (bytes), "disk_format", "container_format" and "properties" (texts by name)',
      parse: parseImages,
      accepts: (value) => Array.isArray(value) && value.every(isImage) && idsDiffer(value),
      default: [DEFAULT_IMAGE],
      help: 'The images, as a JSON list. It may span several lines if all but the first are indented.',
    }),
  },
} as const;

function parseImages(text: string): ImageDefinition[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (!Array.isArray(value) || !value.every(isRecord)) return undefined;
  return value.map((entry) => ({ ...DEFAULT_IMAGE, id: '', name: '', size: 0, ...entry }));
}

function isImage(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, name, min_ram, min_disk, size, disk_format, container_format, properties } = value;
  return (
    Object.keys(value).every((key) => key in DEFAULT_IMAGE) &&
    typeof id === 'string' &&
    UUID.test(id) &&
    isText(name) &&
    [min_ram, min_disk, size].every((count) => Number.isSafeInteger(count) && Number(count) >= 0) &&
    isText(disk_format) &&
    isText(container_format) &&
    isRecord(properties) &&
    Object.values(properties).every((property) => typeof property === 'string')
  );
}

function idsDiffer(images: readonly ImageDefinition[]): boolean {
  return new Set(images.map(({ id }) => id)).size === images.length;
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
