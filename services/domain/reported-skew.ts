/**
 * The key in a heartbeat's context under which a service without a database reports how far its clock is from the database's
 * (seconds ahead). Nova's conductors ignore unknown keys of a context.
 */
export const CLOCK_SKEW = 'mini_nova_clock_skew';

/** The skew that a context reports; null: none, or an unusable value. */
export function reportedSkew(
  ctxt: { readonly extra: { readonly [key: string]: unknown } } | undefined,
): number | null {
  const skew = ctxt?.extra[CLOCK_SKEW];
  return typeof skew === 'number' && Number.isFinite(skew) ? skew : null;
}
