import type { ConfigValues, Schema } from '@mini-nova/config';
import type { VirtDriver } from './driver.ts';

/** A kind of virt driver: what `compute_driver` may name. */
export interface ComputeDriver<S extends Schema = Schema> {
  /** As in `compute_driver`. */
  readonly name: string;
  /** One sentence of the help of `compute_driver`. */
  readonly help: string;
  /** What it reads of nova.conf, beside what nova-compute reads. */
  readonly options: S;
  /** The driver of this host. It reads its options when it uses them: they may change. */
  create(host: string, config: ConfigValues<S>): VirtDriver;
}

export function computeDriver<const S extends Schema = Record<never, never>>(
  driver: Omit<ComputeDriver<S>, 'options'> & Partial<Pick<ComputeDriver<S>, 'options'>>,
): ComputeDriver<S> {
  return { options: {} as S, ...driver };
}
