import { getPostgresUrl } from '@mini-nova/testing';
import { describePlacement } from '../../services/test/placement-behaviour.ts';

describePlacement('PostgreSQL', getPostgresUrl);
