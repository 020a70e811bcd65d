import { getPostgresUrl } from '@mini-nova/testing';
import { describeStores } from '../../services/test/store-behaviour.ts';

describeStores('stores on PostgreSQL', { create: getPostgresUrl, shared: true });
