import { describePlacement } from '@mini-nova/services-testing/placement-behaviour';
import { getPostgresUrl } from '@mini-nova/testing';

describePlacement('PostgreSQL', getPostgresUrl);
