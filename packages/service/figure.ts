/** A manager's own figure, shown as a gauge among the daemon's metrics. */
export interface Figure {
  /** `nova_compute_guests`. */
  readonly name: string;
  readonly help: string;
  /** Each value has all of these labels, and `host`. */
  readonly labels: readonly string[];
  /** Asked at each scrape. */
  values(): readonly FigureValue[];
}

export interface FigureValue {
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Called with a service's figures when the service is made. */
export type FigureObserver = (host: string, figures: readonly Figure[]) => void;
