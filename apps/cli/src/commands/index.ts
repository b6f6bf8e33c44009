import type { Command } from '../command';
import { ACCESS_COMMANDS } from './access';
import { ACCESS_REQUEST_COMMANDS } from './access-requests';
import { ADMISSION_COMMANDS } from './admission';
import { APPROVAL_COMMANDS } from './approvals';
import { AUDIT_COMMANDS } from './audit';
import { AUDIT_LOG_COMMANDS } from './audit-log';
import { AUDIT_TAIL_COMMANDS } from './audit-tail';
import { BATCH_COMMANDS } from './batches';
import { BUDGET_COMMANDS } from './budgets';
import { CAN_COMMANDS } from './can';
import { CONFIG_COMMANDS } from './config';
import { DELEGATION_COMMANDS } from './delegations';
import { DEMO_COMMANDS } from './demo';
import { EXPLAIN_COMMANDS } from './explain';
import { GUARDRAIL_COMMANDS } from './guardrails';
import { INVENTORY_COMMANDS } from './inventory';
import { KEY_COMMANDS } from './keys';
import { LOOKUP_COMMANDS } from './lookup';
import { MODEL_COMMANDS } from './models';
import { PLATFORM_COMMANDS } from './platform';
import { POLICY_COMMANDS } from './policies';
import { POLICY_TEST_COMMANDS } from './policy-test';
import { POLICY_VERSION_COMMANDS } from './policy-versions';
import { PROVE_COMMANDS } from './prove';
import { QUESTION_COMMANDS } from './questions';
import { REACH_COMMANDS } from './reach';
import { REVIEW_COMMANDS } from './reviews';
import { RUN_COMMANDS } from './runs';
import { STAND_IN_COMMANDS } from './stand-ins';
import { RUN_FORK_COMMANDS } from './run-forks';
import { RUN_UPGRADE_COMMANDS } from './run-upgrades';
import { STOP_COMMANDS } from './stop';
import { SUBSCRIPTION_COMMANDS } from './subscriptions';
import { helpCommand, SYSTEM_COMMANDS } from './system';
import { TRIGGER_COMMANDS } from './triggers';

/** Every command of `writ`. */
export const COMMANDS: readonly Command[] = [
  ...DEMO_COMMANDS,
  ...SYSTEM_COMMANDS,
  ...RUN_COMMANDS,
  ...RUN_FORK_COMMANDS,
  ...RUN_UPGRADE_COMMANDS,
  ...DELEGATION_COMMANDS,
  ...BATCH_COMMANDS,
  ...APPROVAL_COMMANDS,
  ...PROVE_COMMANDS,
  ...STAND_IN_COMMANDS,
  ...QUESTION_COMMANDS,
  ...REVIEW_COMMANDS,
  ...INVENTORY_COMMANDS,
  ...EXPLAIN_COMMANDS,
  ...CAN_COMMANDS,
  ...ACCESS_COMMANDS,
  ...ACCESS_REQUEST_COMMANDS,
  ...LOOKUP_COMMANDS,
  ...STOP_COMMANDS,
  ...TRIGGER_COMMANDS,
  ...SUBSCRIPTION_COMMANDS,
  ...BUDGET_COMMANDS,
  ...ADMISSION_COMMANDS,
  ...MODEL_COMMANDS,
  ...CONFIG_COMMANDS,
  ...POLICY_VERSION_COMMANDS,
  ...POLICY_TEST_COMMANDS,
  ...POLICY_COMMANDS,
  ...REACH_COMMANDS,
  ...GUARDRAIL_COMMANDS,
  ...PLATFORM_COMMANDS,
  ...KEY_COMMANDS,
  ...AUDIT_COMMANDS,
  ...AUDIT_LOG_COMMANDS,
  ...AUDIT_TAIL_COMMANDS,
  helpCommand(() => COMMANDS),
];
