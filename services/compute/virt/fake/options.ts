import { boolean, integer, seconds, string } from '@mini-nova/config';

/** The machine that fake.FakeDriver pretends to be, and what goes wrong on it. */
export const fakeOptions = {
  fake: {
    vcpus: integer({ default: 8, min: 1, unit: 'CPUs', help: 'Physical CPUs.' }),
    memory_mb: integer({ default: 32768, min: 1, unit: 'MiB', help: 'Memory.' }),
    disk_gb: integer({ default: 1000, min: 1, unit: 'GiB', help: 'Disk.' }),
    spawn_delay: seconds({ default: 0, mutable: true, help: 'How long a guest takes to spawn.' }),
    fail_first_spawns: integer({
      default: 0,
      min: 0,
      unit: 'spawns',
      mutable: true,
      help: 'The first this many spawns after the start fail.',
    }),
    fail_spawn: boolean({ default: false, mutable: true, help: 'Every spawn fails.' }),
    fail_power: boolean({
      default: false,
      mutable: true,
      help: 'Every start, stop and reboot of a guest fails.',
    }),
    fail_attach: boolean({ default: false, mutable: true, help: 'Every attachment of an interface fails.' }),
    guests_path: string({
      default: '',
      help: 'Folder in which each host keeps its guests in a file, so that they outlive nova-compute as real ones do. Empty: they are kept in memory, and come back from their records when nova-compute starts.',
    }),
  },
} as const;
