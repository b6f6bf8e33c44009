import type { OperationId, ROUTES } from '@writ/contract';

/**
 * Where each operation stands. Written out because importing the route table would bring its schemas along; the compiler
 * holds every line to the table's literal types.
 */
export const PLACES: {
  readonly [O in OperationId]: readonly [method: (typeof ROUTES)[O]['method'], path: (typeof ROUTES)[O]['path']];
} = {
  listRuns: ['GET', '/v1/runs'],
  startRun: ['POST', '/v1/runs'],
  getRunHistogram: ['GET', '/v1/runs/histogram'],
  listRunValues: ['GET', '/v1/runs/values'],
  getRunTimeline: ['GET', '/v1/runs/{id}/timeline'],
  getRun: ['GET', '/v1/runs/{id}'],
  cancelRun: ['POST', '/v1/runs/{id}/cancel'],
  signalRun: ['POST', '/v1/runs/{id}/signal'],
  reconcileRun: ['POST', '/v1/runs/{id}/reconcile'],
  listRunEvents: ['GET', '/v1/runs/{id}/events'],
  listRunDecisions: ['GET', '/v1/runs/{id}/decisions'],
  getDecision: ['GET', '/v1/decisions/{id}'],
  listAuditEvents: ['GET', '/v1/audit/events'],
  getAuditHistogram: ['GET', '/v1/audit/histogram'],
  listAuditValues: ['GET', '/v1/audit/values'],
  getAuditLog: ['GET', '/v1/audit/log'],
  getAuditCheckpoint: ['GET', '/v1/audit/checkpoint'],
  listAuditCheckpoints: ['GET', '/v1/audit/checkpoints'],
  getAuditConsistency: ['GET', '/v1/audit/consistency'],
  getAuditTile: ['GET', '/v1/audit/tile/{tile}'],
  getAuditEvent: ['GET', '/v1/audit/events/{id}'],
  getAuditProof: ['GET', '/v1/audit/events/{id}/proof'],
  exportAudit: ['GET', '/v1/audit/export'],
  listEvents: ['GET', '/v1/events'],
  listStops: ['GET', '/v1/stops'],
  setStop: ['POST', '/v1/stops'],
  releaseStop: ['POST', '/v1/stops/{id}/release'],
  applyConfig: ['POST', '/v1/config/apply'],
  listWorkflows: ['GET', '/v1/workflows'],
  getActivePolicy: ['GET', '/v1/policies/active'],
  listApiKeys: ['GET', '/v1/api-keys'],
  createApiKey: ['POST', '/v1/api-keys'],
  revokeApiKey: ['POST', '/v1/api-keys/{id}/revoke'],
  createSession: ['POST', '/v1/session'],
  getSession: ['GET', '/v1/session'],
  endSession: ['DELETE', '/v1/session'],
  lookup: ['GET', '/v1/lookup/{anything}'],
  getMe: ['GET', '/v1/me'],
  getHealth: ['GET', '/health'],
  getReadiness: ['GET', '/ready'],
  getOpenApi: ['GET', '/openapi.json'],
  getProblem: ['GET', '/problems/{code}'],
};
