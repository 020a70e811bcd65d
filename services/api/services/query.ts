import type { ServiceFilters } from '@mini-nova/data/request-stores';
import type { ParameterTable } from '../queries/parameter.ts';

/** Nova's parameters of `GET /os-services`. */
export const serviceParameters: ParameterTable<ServiceFilters> = {
  binary: {
    for: 'administrators',
    apply: (query, [text]) => {
      query.binary = text;
    },
  },
  host: {
    for: 'administrators',
    apply: (query, [text]) => {
      query.host = text;
    },
  },
};
