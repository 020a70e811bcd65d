/** ISO-8601 UTC text with milliseconds: `2026-01-31T12:00:00.000Z`. Sorts as time on both dialects. */
export type Timestamp = string;
