import { describeRaces } from '@mini-nova/services-testing/race-behaviour';
import { getPostgresUrl } from '@mini-nova/testing';

describeRaces('PostgreSQL', getPostgresUrl);
