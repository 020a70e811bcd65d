import { RPCVersionCapError } from '../errors.ts';

/** The version of a message, or of an endpoint, that names none. */
export const DEFAULT_VERSION = '1.0';

type Version = readonly [major: number, minor: number, revision: number];

/** The parts of `<major>.<minor>[.<revision>]`; undefined for any other text. */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d+)\.(\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  return [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)];
}

/**
 * Whether an implementation of version `implemented` understands a message of version `requested`: the same major, and
 * no newer minor. Text that is not a version is understood by nobody.
 */
export function isCompatible(implemented: string, requested: string): boolean {
  const own = parseVersion(implemented);
  const other = parseVersion(requested);
  if (own === undefined || other === undefined) return false;
  if (own[0] !== other[0]) return false;
  return other[1] < own[1] || (other[1] === own[1] && other[2] <= own[2]);
}

/** Without a cap every version may be sent. */
export function canSendVersion(version: string, versionCap: string | null): boolean {
  return versionCap === null || isCompatible(versionCap, version);
}

/** @throws RPCVersionCapError when the cap does not let the version out */
export function checkVersionCap(version: string, versionCap: string | null): void {
  if (versionCap !== null && !isCompatible(versionCap, version))
    throw new RPCVersionCapError(version, versionCap);
}
