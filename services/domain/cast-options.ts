/** Of a cast that its caller may give up. */
export interface CastOptions {
  /** Once it fires, the cast is not sent any more, and fails with CallCancelled. */
  signal?: AbortSignal;
}
