import { join } from 'node:path';
import { resourcesOf } from '@mini-nova/domain/resources';
import { describePlacement } from '@mini-nova/services-testing/placement-behaviour';
import { flavor } from '@mini-nova/services-testing/scheduling';
import { tempDir } from '@mini-nova/testing';
import { describe, expect, it } from 'vitest';

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
