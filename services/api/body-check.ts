import type { FastifyRequest } from 'fastify';
import { BadRequest } from './http-errors.ts';
import { mainFailure, type SchemaFailure, validationMessage } from './validation-message.ts';

/**
 * For routes whose schema depends on the request. Fastify compiles each schema once, by its identity. @throws
 * BadRequest
 */
export function assertBody(
  request: Pick<FastifyRequest, 'body' | 'compileValidationSchema'>,
  schema: object,
): void {
  const validate = request.compileValidationSchema(schema as Record<string, unknown>);
  if (validate(request.body)) return;
  const failure = mainFailure((validate.errors ?? []) as SchemaFailure[]);
  throw new BadRequest(failure ? validationMessage(failure) : 'Invalid input for the request body.');
}
