import { string } from '../fields/scalars.ts';
import { versionedObject } from '../versioned-object.ts';

/** What a live migration must know about a network interface. `source_vif` is JSON. */
export class VIFMigrateData extends versionedObject('VIFMigrateData', '1.0', {
  port_id: string(),
  vnic_type: string(),
  vif_type: string(),
  vif_details_json: string(),
  profile_json: string(),
  host: string(),
  source_vif: string(),
}) {}
