type Service = 'compute' | 'conductor' | 'scheduler';

/** The RPC API versions that each Nova release speaks; the conductor's is that of its base API. */
const releaseVersions = {
  icehouse: { compute: '3.23', conductor: '2.0', scheduler: '3.0' },
  juno: { compute: '3.35', conductor: '2.0', scheduler: '3.0' },
  kilo: { compute: '4.0', conductor: '2.1', scheduler: '4.2' },
  liberty: { compute: '4.5', conductor: '3.0', scheduler: '4.2' },
  mitaka: { compute: '4.11', conductor: '3.0', scheduler: '4.3' },
  newton: { compute: '4.13', conductor: '3.0', scheduler: '4.3' },
  ocata: { compute: '4.13', conductor: '3.0', scheduler: '4.3' },
  pike: { compute: '4.17', conductor: '3.0', scheduler: '4.4' },
  queens: { compute: '5.0', conductor: '3.0', scheduler: '4.5' },
  rocky: { compute: '5.0', conductor: '3.0', scheduler: '4.5' },
  stein: { compute: '5.1', conductor: '3.0', scheduler: '4.5' },
  train: { compute: '5.3', conductor: '3.0', scheduler: '4.5' },
  ussuri: { compute: '5.11', conductor: '3.0', scheduler: '4.5' },
  victoria: { compute: '5.12', conductor: '3.0', scheduler: '4.5' },
  wallaby: { compute: '6.0', conductor: '3.0', scheduler: '4.5' },
  xena: { compute: '6.0', conductor: '3.0', scheduler: '4.5' },
  yoga: { compute: '6.0', conductor: '3.0', scheduler: '4.5' },
  zed: { compute: '6.1', conductor: '3.0', scheduler: '4.5' },
} as const satisfies Record<string, Record<Service, string>>;

type Release = keyof typeof releaseVersions;

/** Nova's releases whose RPC API versions are known, oldest first. */
export const releases = Object.keys(releaseVersions);

/** The option of an rpcapi that limits messages to what an older service understands. */
export interface VersionCapOption {
  /** A version, or the name of a release, as in `[upgrade_levels]`. Null: no cap. */
  versionCap?: string | null | undefined;
}

/** The RPC client's option for a service that is pinned to this version or release. */
export function versionCapOf(service: Service, { versionCap }: VersionCapOption): { versionCap?: string } {
  if (!versionCap) return {};
  return { versionCap: isRelease(versionCap) ? releaseVersions[versionCap][service] : versionCap };
}

function isRelease(text: string): text is Release {
  return Object.hasOwn(releaseVersions, text);
}
