import { Foundation1795000000001 } from './0001-foundation';
import { Tenants1795000000002 } from './0002-tenants';
import { Policy1795000000003 } from './0003-policy';
import { Registry1795000000004 } from './0004-registry';
import { Identity1795000000005 } from './0005-identity';
import { Runs1795000000006 } from './0006-runs';
import { Evidence1795000000007 } from './0007-evidence';
import { Mail1795000000008 } from './0008-mail';
import { Commit1795000000009 } from './0009-commit';
import { Sweep1795000000010 } from './0010-sweep';
import { Log1795000000011 } from './0011-log';
import { CommitStep1795000000012 } from './0012-commit-step';
import { Sessions1795000000013 } from './0013-sessions';
import { LiveRuns1795000000014 } from './0014-live-runs';
import { Approvals1795000000015 } from './0015-approvals';
import { Triggers1795000000016 } from './0016-triggers';
import { Said1795000000017 } from './0017-said';
import { Budgets1795000000018 } from './0018-budgets';
import { CommitBudgets1795000000019 } from './0019-commit-budgets';
import { StopLadder1795000000020 } from './0020-stop-ladder';
import { Admission1795000000021 } from './0021-admission';
import { Providers1795000000022 } from './0022-providers';
import { TakeRun1795000000023 } from './0023-take-run';
import { Children1795000000024 } from './0024-children';
import { Questions1795000000025 } from './0025-questions';
import { Snapshots1795000000026 } from './0026-snapshots';
import { AdmissionRules1795000000027 } from './0027-admission-rules';
import { StandIns1795000000028 } from './0028-stand-ins';
import { Batches1795000000029 } from './0029-batches';
import { Subscriptions1795000000030 } from './0030-subscriptions';
import { Upgrades1795000000031 } from './0031-upgrades';
import { CommitByKey1795000000032 } from './0032-commit-by-key';
import { KeyLookups1795000000033 } from './0033-key-lookups';
import { Revocations1795000000034 } from './0034-revocations';
import { Directory1795000000035 } from './0035-directory';
import { RateBuckets1795000000036 } from './0036-rate-buckets';
import { IndexScans1795000000037 } from './0037-index-scans';
import { Proofs1795000000038 } from './0038-proofs';
import { AccessRequests1795000000039 } from './0039-access-requests';
import { ShortLooks1795000000040 } from './0040-short-looks';
import { DeadLetters1795000000041 } from './0041-dead-letters';
import { Reviews1795000000042 } from './0042-reviews';
import { PlatformPolicy1795000000043 } from './0043-platform-policy';
import { TakeRuns1795000000044 } from './0044-take-runs';
import { PackedUnits1795000000045 } from './0045-packed-units';
import { ComposedPolicies1795000000046 } from './0046-composed-policies';
import { CommitStart1795000000047 } from './0047-commit-start';
import { JournalEvidence1795000000048 } from './0048-journal-evidence';
import { EnterChild1795000000049 } from './0049-enter-child';
import { SoundRuns1795000000050 } from './0050-sound-runs';
import { CommitResumed1795000000051 } from './0051-commit-resumed';

/** Every change of the schema, in order. Listed, not globbed: the same list runs compiled, in tests and in the CLI. */
export const MIGRATIONS = [
  Foundation1795000000001,
  Tenants1795000000002,
  Policy1795000000003,
  Registry1795000000004,
  Identity1795000000005,
  Runs1795000000006,
  Evidence1795000000007,
  Mail1795000000008,
  Commit1795000000009,
  Sweep1795000000010,
  Log1795000000011,
  CommitStep1795000000012,
  Sessions1795000000013,
  LiveRuns1795000000014,
  Approvals1795000000015,
  Triggers1795000000016,
  Said1795000000017,
  Budgets1795000000018,
  CommitBudgets1795000000019,
  StopLadder1795000000020,
  Admission1795000000021,
  Providers1795000000022,
  TakeRun1795000000023,
  Children1795000000024,
  Questions1795000000025,
  Snapshots1795000000026,
  AdmissionRules1795000000027,
  StandIns1795000000028,
  Batches1795000000029,
  Subscriptions1795000000030,
  Upgrades1795000000031,
  CommitByKey1795000000032,
  KeyLookups1795000000033,
  Revocations1795000000034,
  Directory1795000000035,
  RateBuckets1795000000036,
  IndexScans1795000000037,
  Proofs1795000000038,
  AccessRequests1795000000039,
  ShortLooks1795000000040,
  DeadLetters1795000000041,
  Reviews1795000000042,
  PlatformPolicy1795000000043,
  TakeRuns1795000000044,
  PackedUnits1795000000045,
  ComposedPolicies1795000000046,
  CommitStart1795000000047,
  JournalEvidence1795000000048,
  EnterChild1795000000049,
  SoundRuns1795000000050,
  CommitResumed1795000000051,
];
