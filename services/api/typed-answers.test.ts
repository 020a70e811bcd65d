import { expectTypeOf, test } from 'vitest';
import type { Api } from './dependencies.ts';
import { object, text } from './documents/schema.ts';

const Named = object({ name: text });
const schema = { params: object({ id: text }), body: Named, response: { 200: Named } };

/** Not called: it is for the compiler. */
export function routes(app: Api): void {
  app.post('/named/:id', { schema }, async ({ body, params }) => {
    expectTypeOf(body).toEqualTypeOf<{ name: string }>();
    expectTypeOf(params).toEqualTypeOf<{ id: string }>();
    return { name: body.name };
  });
  // @ts-expect-error the answer lacks what its schema says
  app.post('/unnamed/:id', { schema }, async () => ({ title: 'x' }));
  app.post('/wrong/:id', { schema }, async (request) => {
    // @ts-expect-error there is no such field in the body
    return { name: request.body.title };
  });
}

test('a handler is given, and gives, what the schemas of its route say', () => {
  expectTypeOf(routes).toBeFunction();
});
