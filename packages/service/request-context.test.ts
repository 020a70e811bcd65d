import type { JsonObject } from '@mini-nova/messaging';
import { describe, expect, test } from 'vitest';
import { RequestContext } from './request-context.ts';
import { RequestContextSerializer } from './request-context-serializer.ts';

/** A context as Nova 26 sends it. */
const RECORDED: JsonObject = {
  user: 'fake',
  project_id: '6f70656e737461636b20342065766572',
  system_scope: null,
  project: '6f70656e737461636b20342065766572',
  domain: null,
  user_domain: null,
  project_domain: null,
  is_admin: false,
  read_only: false,
  show_deleted: false,
  auth_token: null,
  request_id: 'req-2c232431-7f1f-4969-88f3-630d1e42592b',
  global_request_id: null,
  resource_uuid: null,
  roles: ['reader', 'member'],
  user_identity: 'fake 6f70656e737461636b20342065766572 - - -',
  is_admin_project: true,
  user_id: 'fake',
  read_deleted: 'no',
  remote_address: '127.0.0.1',
  timestamp: '2026-11-21T01:41:58.446618',
  quota_class: null,
  user_name: null,
  service_catalog: [],
  project_name: null,
  db_connection: null,
  mq_connection: null,
};

describe('the wire form', () => {
  test('of a recorded context comes back the same, with keys in the same order and unknown keys included', () => {
    const again = RequestContext.fromDict(RECORDED).toDict();
    expect(JSON.stringify(again)).toBe(JSON.stringify(RECORDED));
  });

  test('of a context made here has the same keys', () => {
    const { db_connection, mq_connection, ...recorded } = RECORDED;
    expect(Object.keys(new RequestContext().toDict())).toEqual(Object.keys(recorded));
  });

  test('may lack everything', () => {
    const ctxt = RequestContext.fromDict({});
    expect(ctxt).toMatchObject({ user_id: null, is_admin: false, roles: [], read_deleted: 'no' });
    expect(ctxt.request_id).toMatch(/^req-[0-9a-f-]{36}$/);
  });

  test('may have the ids under their older names only', () => {
    const ctxt = RequestContext.fromDict({ user: 'u', project: 'p' });
    expect(ctxt).toMatchObject({ user_id: 'u', project_id: 'p' });
  });

  test('grants no rights for values of a wrong type', () => {
    const ctxt = RequestContext.fromDict({
      is_admin: 'false',
      roles: 'admin',
      read_deleted: 'all',
      user_id: 5,
    });
    expect(ctxt).toMatchObject({ is_admin: false, roles: [], read_deleted: 'no', user_id: null });
  });
});

test("each context made here is a separate request, with Nova's format of time", () => {
  const [one, two] = [new RequestContext(), new RequestContext()];
  expect(one.request_id).not.toBe(two.request_id);
  expect(one.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/);
});

test('elevated is the same request with the rights of an administrator', () => {
  const ctxt = RequestContext.fromDict(RECORDED);
  const admin = ctxt.elevated({ read_deleted: 'yes' });
  expect(admin).toMatchObject({
    is_admin: true,
    roles: ['reader', 'member', 'admin'],
    request_id: ctxt.request_id,
    project_id: ctxt.project_id,
    read_deleted: 'yes',
    extra: ctxt.extra,
  });
  expect(ctxt).toMatchObject({ is_admin: false, roles: ['reader', 'member'], read_deleted: 'no' });
  expect(admin.elevated().roles).toEqual(['reader', 'member', 'admin']);
});

describe('the serializer', () => {
  const serializer = new RequestContextSerializer();

  test('carries contexts by their wire form', () => {
    const ctxt = serializer.deserializeContext(RECORDED);
    expect(ctxt).toBeInstanceOf(RequestContext);
    expect(serializer.serializeContext(ctxt)).toEqual(RECORDED);
  });

  test('leaves other contexts and all entities to the inner serializer', () => {
    expect(serializer.serializeContext({ user: 'u' })).toEqual({ user: 'u' });
    const primitive = serializer.serializeEntity({}, { at: new Date(0) });
    expect(primitive).toEqual({ at: expect.stringContaining('1970-01-01') });
    expect(serializer.deserializeEntity({}, { a: [1] })).toEqual({ a: [1] });
  });
});
