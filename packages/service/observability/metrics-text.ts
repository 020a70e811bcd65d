/** All figures of a process, or of several, as Prometheus reads them. */
export interface MetricsText {
  contentType: string;
  text: string;
}
