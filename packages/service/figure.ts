/** A figure of a manager's own, as a gauge among the daemon's metrics. */
export interface Figure {
  /** `nova_compute_guests`. */
  readonly name: string;
  readonly help: string;
  /** Each value has all of these, and `host`. */
  readonly labels: readonly string[];
  /** Asked at each scrape. */
  values(): readonly FigureValue[];
}

export interface FigureValue {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Told of a service's figures when it is made. */
export type FigureObserver = (host: string, figures: readonly Figure[]) => void;
