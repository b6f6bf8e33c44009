export { openApiDocument } from './openapi';
export { FieldError, NextAction, Problem, type ProblemCode, problemPath, PROBLEMS } from './problems';
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
