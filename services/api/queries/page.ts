import type { ParameterTable } from './parameter.ts';
import { count } from './values.ts';

/** Which part of a list is asked for. */
export interface PageQuery {
  /** At first the most that one answer may have. */
  limit: number;
  /** The id of the item before the first. */
  marker?: string;
}

export const pageParameters = {
  limit: {
    for: 'everyone',
    apply: (query, values, name) => {
      query.limit = Math.min(count(name, values), query.limit);
    },
  },
  marker: {
    for: 'everyone',
    apply: (query, [text]) => {
      query.marker = text;
    },
  },
} as const satisfies ParameterTable<PageQuery>;
