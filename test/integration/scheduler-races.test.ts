import { getPostgresUrl } from '@mini-nova/testing';
import { describeRaces } from '../../services/test/race-behaviour.ts';

describeRaces('PostgreSQL', getPostgresUrl);
