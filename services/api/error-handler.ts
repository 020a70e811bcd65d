import { DatabaseUnavailable } from '@mini-nova/database';
import { NovaError } from '@mini-nova/domain/exceptions';
import type { Logger } from '@mini-nova/messaging';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { isBusOutage } from './bus-outage.ts';
import { faultDocument, HttpError } from './http-errors.ts';
import { mainFailure, validationMessage } from './validation-message.ts';

interface Answer {
  status: number;
  message: string;
  /** Seconds after which it is worth asking again. */
  retryAfter?: number;
}

/** Seconds, for what gives no better figure: the message bus, a daemon. */
const RETRY_AFTER = 2;

/** Answers errors in OpenStack's form. What is not the client's fault is logged. */
export function errorHandler(logger: Logger) {
  return async (error: unknown, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const answer = answerTo(error);
    if (!answer) logger.error({ err: error, method: request.method, url: request.url }, 'Request failed');
    const { status, message, retryAfter = RETRY_AFTER } = answer ?? unexpected(request);
    if (answer && status >= 500)
      logger.warn({ url: request.url, status, reason: reasonOf(error, message) }, 'Request not served');
    if (status === 503) reply.header('retry-after', String(Math.ceil(retryAfter)));
    return reply.code(status).send(faultDocument(status, message));
  };
}

/** The reason is for the operator: it may name hosts and files. */
const DATABASE_AWAY = 'The database is away at present. Try again later.';

function reasonOf(error: unknown, message: string): string {
  return error instanceof DatabaseUnavailable ? error.message : message;
}

function answerTo(error: unknown): Answer | undefined {
  if (error instanceof HttpError) return { status: error.statusCode, message: error.message };
  // Its message is written for users, even when the fault is ours.
  if (error instanceof NovaError) return { status: error.httpStatus, message: error.message };
  if (error instanceof DatabaseUnavailable)
    return { status: 503, message: DATABASE_AWAY, retryAfter: error.retryAfter };
  if (isBusOutage(error)) return { status: 503, message: `The message bus gave no answer: ${error.message}` };
  return isFastifyError(error) ? answerToFastify(error) : undefined;
}

function answerToFastify(error: FastifyError): Answer | undefined {
  const failure = error.validation && mainFailure(error.validation);
  if (failure) return { status: 400, message: validationMessage(failure) };
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return { status: 415, message: 'The content-type of a request body must be application/json.' };
  }
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') return { status: 413, message: 'Request is too large.' };
  const { statusCode: status = 500, message } = error;
  return status >= 400 && status < 500 ? { status, message } : undefined;
}

function unexpected({ id }: FastifyRequest): Answer {
  return {
    status: 500,
    message: `Unexpected API error. The log of nova-api tells more, under request id ${id}.`,
  };
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && ('statusCode' in error || 'validation' in error);
}
