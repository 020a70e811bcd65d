/** Waits for all; then throws what one of them rejected with, or, of several, an AggregateError. */
export async function allSettled(promises: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(promises);
  const reasons = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  if (reasons.length > 1) throw new AggregateError(reasons, reasons.map(String).join('; '));
  if (reasons.length === 1) throw reasons[0];
}
