import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { IncompatibleObjectVersion, InvalidObjectPrimitive, UnsupportedObject } from './errors.ts';

/** The namespace of our objects. */
export const namespace = 'nova';

const nameKey = 'nova_object.name';
const namespaceKey = 'nova_object.namespace';
const versionKey = 'nova_object.version';
const dataKey = 'nova_object.data';
const changesKey = 'nova_object.changes';

/** An object in primitive form, taken apart. */
export interface ObjectHeader {
  name: string;
  version: string;
  data: JsonObject;
  changes: string[];
}

/** Whether a JSON value claims to be an object. */
export function isObjectPrimitive(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && Object.hasOwn(value, nameKey);
}

/** @throws InvalidObjectPrimitive, or UnsupportedObject for another project's namespace */
export function headerOf(primitive: JsonValue | undefined): ObjectHeader {
  if (!isJsonObject(primitive)) throw new InvalidObjectPrimitive('it is no JSON object');
  const name = textAt(primitive, nameKey);
  const project = textAt(primitive, namespaceKey);
  if (project !== namespace) throw new UnsupportedObject(`${project}.${name}`);
  const data = primitive[dataKey];
  if (!isJsonObject(data)) throw new InvalidObjectPrimitive(`${dataKey} of ${name} is no JSON object`);
  return { name, version: textAt(primitive, versionKey), data, changes: changesIn(primitive, name) };
}

/** Keys in the order in which Python peers write them. `changes` is left out when there are none. */
export function primitiveOf(header: ObjectHeader): JsonObject {
  const { name, version, data, changes } = header;
  const primitive: JsonObject = {
    'nova_object.name': name,
    'nova_object.namespace': namespace,
    'nova_object.version': version,
    'nova_object.data': data,
  };
  if (changes.length > 0) primitive[changesKey] = changes;
  return primitive;
}

/**
 * Whether version `received` of an object is newer than the one we know. The third part of a version is for stable
 * branches and is ignored here.
 * @throws IncompatibleObjectVersion when the majors differ
 */
export function isNewer(name: string, received: string, known: string): boolean {
  const [major, minor] = versionParts(name, received);
  const [knownMajor = 0, knownMinor = 0] = known.split('.').map(Number);
  if (major !== knownMajor) throw new IncompatibleObjectVersion(name, received, known);
  return minor > knownMinor;
}

function versionParts(name: string, version: string): [major: number, minor: number] {
  const [, major, minor] = /^(\d+)\.(\d+)(?:\.\d+)?$/.exec(version) ?? [];
  if (major === undefined) throw new InvalidObjectPrimitive(`'${version}' is no version, in ${name}`);
  return [Number(major), Number(minor)];
}

function changesIn(primitive: JsonObject, name: string): string[] {
  const changes = primitive[changesKey] ?? [];
  if (!Array.isArray(changes) || !changes.every((field) => typeof field === 'string')) {
    throw new InvalidObjectPrimitive(`${changesKey} of ${name} is no array of field names`);
  }
  return changes;
}

function textAt(primitive: JsonObject, key: string): string {
  const value = primitive[key];
  if (typeof value !== 'string') throw new InvalidObjectPrimitive(`${key} is missing or no text`);
  return value;
}

function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
