/** The largest prefetch: RabbitMQ's is a 16-bit number. */
export const PREFETCH_MAX = 65_535;
