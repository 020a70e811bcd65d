import { join } from 'node:path';
import { tempDir } from '@mini-nova/testing';
import { describe, expect, it } from 'vitest';
import { describePlacement } from '../../test/placement-behaviour.ts';
import { flavor } from '../../test/scheduling.ts';
import { resourcesOf } from './resources.ts';

describePlacement('SQLite', async () => `sqlite:///${join(tempDir(), 'nova.sqlite')}`);

describe("a flavor's resources", () => {
  it('are its vCPUs, memory and all its disks in whole GiB', () => {
    const large = flavor({ vcpus: 2, memory_mb: 2048, root_gb: 20 });
    large.ephemeral_gb = 5;
    large.swap = 1025;
    expect(resourcesOf(large)).toEqual({ VCPU: 2, MEMORY_MB: 2048, DISK_GB: 27 });
  });

  it('leave out what it does not need', () => {
    expect(resourcesOf(flavor({ root_gb: 0 }))).toEqual({ VCPU: 1, MEMORY_MB: 512 });
  });
});
