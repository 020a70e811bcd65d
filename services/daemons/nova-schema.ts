import { imageOptions } from '@mini-nova/api/images/options';
import { apiOptions } from '@mini-nova/api/options';
import { computeOptions } from '@mini-nova/compute/options';
import { virtOptions } from '@mini-nova/compute/virt/registry';
import { conductorOptions } from '@mini-nova/conductor/options';
import { type Config, composeSchema } from '@mini-nova/config';
import { dataOptions } from '@mini-nova/data/options';
import { domainOptions } from '@mini-nova/domain/options';
import { schedulerOptions } from '@mini-nova/scheduler/options';
import { daemonSchema } from '@mini-nova/service';

/** All of nova.conf: each option stands with its owner. */
export const novaSchema = composeSchema(
  daemonSchema,
  domainOptions,
  dataOptions,
  apiOptions,
  imageOptions,
  conductorOptions,
  schedulerOptions,
  computeOptions,
  virtOptions,
);

export type NovaSchema = typeof novaSchema;

/** `config.DEFAULT.host`, `config.database.connection`. */
export type NovaConfig = Config<NovaSchema>;
