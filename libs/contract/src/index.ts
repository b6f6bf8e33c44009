export { openApiDocument } from './openapi';
export type { StreamEndReason } from './live';
export { FieldError, NextAction, Problem, type ProblemCode, problemPath, PROBLEMS } from './problems';
export { allOf, partsOf, type QueryNode, type QueryTest } from './query/ast';
export { boundsOf } from './query/bounds';
export type { QueryFault } from './query/check';
export { completeQuery } from './query/complete';
export { fieldOf, QUERY_FIELDS, type QueryList } from './query/fields';
export { matchesEvent } from './query/match-event';
export { parseQuery } from './query/parse';
export { printQuery } from './query/print';
export { parseMoment } from './query/values';
export { type ApiAction, problemCodes, type Route, successStatus } from './route';
export {
  type ItemOf,
  type ListOperation,
  type OperationId,
  type ParsedRequest,
  type RequestOf,
  type ResponseOf,
  ROUTES,
} from './routes';
