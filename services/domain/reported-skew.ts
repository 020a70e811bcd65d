/**
 * The key of a heartbeat's context by which a service without the database says how far its clock is from the
 * database's (seconds ahead). Nova's conductors pass over what they do not know in a context.
 */
export const CLOCK_SKEW = 'mini_nova_clock_skew';

/** What a context says; null: nothing that can be used. */
export function reportedSkew(
  ctxt: { readonly extra: { readonly [key: string]: unknown } } | undefined,
): number | null {
  const skew = ctxt?.extra[CLOCK_SKEW];
  return typeof skew === 'number' && Number.isFinite(skew) ? skew : null;
}
