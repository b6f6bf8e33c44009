export { openApiDocument } from './openapi';
export { FieldError, NextAction, Problem, type ProblemCode, problemPath, PROBLEMS } from './problems';
export { allOf, partsOf, type QueryNode, type QueryTest } from './query/ast';
export { type Bounds, boundsOf } from './query/bounds';
export type { QueryFault } from './query/check';
export { type Completion, completeQuery } from './query/complete';
export { fieldOf, type QueryField, QUERY_FIELDS, type QueryList } from './query/fields';
export { matchesEvent } from './query/match-event';
export { type ParsedQuery, parseQuery } from './query/parse';
export { printQuery } from './query/print';
export { parseMoment } from './query/values';
export { type ApiAction, type Idempotency, type Outcome, problemCodes, type Route, successStatus } from './route';
export {
  type ItemOf,
  type ListOperation,
  type OperationId,
  type ParsedRequest,
  type RequestOf,
  type ResponseOf,
  ROUTES,
} from './routes';
