import { getHeapStatistics } from 'node:v8';
import type { JsonObject, JsonValue } from '@mini-nova/messaging';
import { droppedLogLines } from '../logs/standard-error.ts';
import { shownText } from '../shown-text.ts';

export interface ReportOptions {
  /** Of the daemon: `nova-compute`. */
  name: string;
  version: string;
  /** Secrets masked. */
  configuration: JsonObject;
  /** What runs in the process, by name. */
  parts: JsonObject;
}

/** A daemon's state at this moment, like Nova's guru meditation reports: what an operator attaches to a bug report. */
export function createReport({ name, version, configuration, parts }: ReportOptions): JsonObject {
  return {
    package: { name, version, node: process.version, ...libraries() },
    process: {
      pid: process.pid,
      parent: process.ppid,
      uptime_seconds: Math.round(process.uptime()),
      command: process.argv.map((word) => shownText(word)),
      at: new Date().toISOString(),
      log_lines_dropped: droppedLogLines(),
    },
    memory_mib: memory(),
    timers_and_handles: countOf(process.getActiveResourcesInfo()),
    ...parts,
    configuration,
  };
}

/** For people: a section for each part, a line for each value. */
export function reportText(report: JsonObject): string {
  const sections = Object.entries(report).map(([title, value]) => {
    const heading = title.replaceAll('_', ' ');
    return [`==== ${heading} ====`, ...linesOf(value ?? null, '')].join('\n');
  });
  return ['======== Guru Meditation ========', ...sections, ''].join('\n\n');
}

function linesOf(value: JsonValue, indent: string): string[] {
  if (value === null || typeof value !== 'object') return [`${indent}${value}`];
  const entries = Array.isArray(value)
    ? value.map((item) => ['-', item] as const)
    : Object.entries(value).map(([key, item = null]) => [`${key}:`, item] as const);
  if (entries.length === 0) return [`${indent}none`];
  return entries.flatMap(([label, item]) =>
    item !== null && typeof item === 'object' && Object.keys(item).length > 0
      ? [`${indent}${label}`, ...linesOf(item, `${indent}  `)]
      : [`${indent}${label} ${item !== null && typeof item === 'object' ? 'none' : item}`],
  );
}

function libraries(): JsonObject {
  const { v8, uv, openssl } = process.versions;
  return { v8: v8 ?? null, uv: uv ?? null, openssl: openssl ?? null };
}

function memory(): JsonObject {
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const { heap_size_limit } = getHeapStatistics();
  const sizes = { rss, heap_used: heapUsed, heap_total: heapTotal, heap_limit: heap_size_limit, external };
  return Object.fromEntries(
    Object.entries({ ...sizes, array_buffers: arrayBuffers }).map(([name, bytes]) => [
      name,
      mebibytes(bytes),
    ]),
  );
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 20) * 10) / 10;
}

function countOf(names: readonly string[]): JsonObject {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
