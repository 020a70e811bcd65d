import { float, port, string } from '@mini-nova/config';

/** How a daemon is observed: its HTTP endpoint, and where it sends traces. */
export const observabilityOptions = {
  observability: {
    listen: string({
      default: '127.0.0.1',
      pattern: /^\S+$/,
      allowed: 'an IP address or host name',
      help: "Address on which a daemon's /healthz, /readyz and /metrics listen. They have no authentication.",
    }),
    port: port({
      default: null,
      help: 'Port of this endpoint. Empty: there is none. 0: any free port, which the log tells.',
    }),
    otlp_endpoint: string({
      default: null,
      secret: true,
      pattern: /^https?:\/\/[^\s/]\S*$/i,
      check: URL.canParse,
      allowed: 'an http:// or https:// URL such as http://127.0.0.1:4318, with a port of at most 65535',
      help: 'Collector to which traces are sent by OTLP over HTTP. Empty: no tracing, and nothing of it is loaded.',
    }),
    trace_sample_ratio: float({
      default: 1,
      min: 0,
      max: 1,
      help: 'The part of all traces that is recorded: 0.1 is one in ten.',
    }),
  },
} as const;
