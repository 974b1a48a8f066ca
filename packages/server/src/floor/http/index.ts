/** HTTP: routes for operations. */
export { checkCursor, invalidCursor } from './cursor.ts';
export { readIdempotencyKey } from './idempotency-key.ts';
export {
  route,
  type CallContext,
  type Download,
  type OutgoingEvent,
  type Route,
  type Upload,
} from './route.ts';
export { createHttpServer, type HttpServerOptions } from './server.ts';
