import type { ConfigValues, Schema } from '@mini-nova/config';
import type { VirtDriver } from './driver.ts';

/** A virt driver that `compute_driver` may name. */
export interface ComputeDriver<S extends Schema = Schema> {
  /** As in `compute_driver`. */
  readonly name: string;
  /** Its sentence in the help of `compute_driver`. */
  readonly help: string;
  /** The options that it reads, besides those of nova-compute. */
  readonly options: S;
  /** Makes the driver of a host. It reads its options when it uses them, since they may change. */
  create(host: string, config: ConfigValues<S>): VirtDriver;
}

export function computeDriver<const S extends Schema = Record<never, never>>(
  driver: Omit<ComputeDriver<S>, 'options'> & Partial<Pick<ComputeDriver<S>, 'options'>>,
): ComputeDriver<S> {
  return { options: {} as S, ...driver };
}
