import { getPostgresUrl } from '@mini-nova/testing';
import { describeDatabase } from '../../packages/database/test/database-behaviour.ts';

describeDatabase('PostgreSQL', { create: getPostgresUrl, shared: true });
