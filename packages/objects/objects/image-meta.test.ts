import { readFileSync } from 'node:fs';
import type { JsonObject } from '@mini-nova/messaging';
import { describe, expect, it } from 'vitest';
import { ImageMeta } from './image-meta.ts';
import { RequestSpec } from './request-spec.ts';

interface Entry {
  method: string;
  args: { image: JsonObject; request_specs: JsonObject[] };
}

function recordedBuild(): Entry['args'] {
  const text = readFileSync(new URL('../testdata/nova-26-rpc.json', import.meta.url), 'utf8');
  const entry = (JSON.parse(text) as Entry[]).find(({ method }) => method === 'schedule_and_build_instances');
  if (!entry) throw new Error('no schedule_and_build_instances is recorded');
  return entry.args;
}

describe('from an image document', () => {
  it('becomes the same as in Nova', () => {
    const { image, request_specs } = recordedBuild();
    const spec = RequestSpec.fromPrimitive(request_specs[0] ?? {});
    expect(ImageMeta.fromImage(image).toPrimitive()).toEqual(spec.image?.toPrimitive());
  });

  it('takes known properties, by their present and older names', () => {
    const { properties } = ImageMeta.fromImage({
      properties: {
        hw_vif_model: 'virtio',
        architecture: 'amd64',
        os_type: 'Linux',
        hw_boot_menu: 'yes',
        hw_video_ram: '64',
        kernel_id: 'nokernel',
        colour: 'blue',
      },
    });
    expect(properties.values()).toEqual({
      hw_vif_model: 'virtio',
      hw_architecture: 'x86_64',
      os_type: 'linux',
      hw_boot_menu: true,
      hw_video_ram: 64,
    });
  });

  it('prefers the present name', () => {
    const { properties } = ImageMeta.fromImage({
      properties: { architecture: 'i386', hw_architecture: 'aarch64' },
    });
    expect(properties.hw_architecture).toBe('aarch64');
  });

  it('collects the traits an image requires', () => {
    const { properties } = ImageMeta.fromImage({
      properties: { 'trait:HW_CPU_X86_AVX2': 'required', 'trait:COMPUTE_NODE': 'forbidden' },
    });
    expect(properties.traits_required).toEqual(['HW_CPU_X86_AVX2']);
  });

  it.each([
    ['ide', { hw_disk_bus: 'ide' }],
    ['lsiLogicsas', { hw_disk_bus: 'scsi', hw_scsi_model: 'lsisas1068' }],
  ])('splits the adapter type %s into bus and controller', (adapter, expected) => {
    expect(ImageMeta.fromImage({ properties: { vmware_adaptertype: adapter } }).properties.values()).toEqual(
      expected,
    );
  });

  it('takes null for empty where the field cannot be null', () => {
    const meta = ImageMeta.fromImage({ name: null, size: null, owner: null, updated_at: null });
    expect(meta.values()).toMatchObject({ name: '', size: 0, owner: '', updated_at: null });
  });

  it('refuses a property with a value it cannot have, by name', () => {
    expect(() => ImageMeta.fromImage({ properties: { hw_disk_bus: 'carrier-pigeon' } })).toThrow(
      'ImageMetaProps.hw_disk_bus: expected one of fdc, ide',
    );
  });
});
