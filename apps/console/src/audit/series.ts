import type { Series } from '../chart/buckets';
import type { CountedBy } from '../api/audit';
import { VERDICT } from '../ui/tone';

/** First words of event types, as groups a reader thinks in. */
const CATEGORIES: readonly Series[] = [
  { key: 'action', label: 'Actions', tone: 'busy' },
  { key: 'run', label: 'Runs', tone: 'good' },
  { key: 'context', label: 'Contexts', tone: 'calm' },
  { key: 'handoff', label: 'Handoffs', tone: 'unsure' },
  { key: 'access', label: 'Reads and refusals of the API', tone: 'calm' },
  { key: 'policy', label: 'Policy changes', tone: 'wait' },
  { key: 'definition', label: 'Definitions', tone: 'wait' },
  { key: 'key', label: 'Keys', tone: 'wait' },
  { key: 'stop', label: 'Stops', tone: 'bad' },
  { key: 'mail', label: 'Signals', tone: 'calm' },
  { key: 'tenant', label: 'Tenant', tone: 'calm' },
  { key: 'log', label: 'Log', tone: 'wait' },
];

const VERDICTS: readonly Series[] = (['allow', 'ask', 'deny'] as const).map((verdict) => ({
  key: verdict,
  label: VERDICT[verdict].word,
  tone: VERDICT[verdict].tone,
}));

const ACTORS: readonly Series[] = [
  { key: 'agent', label: 'Agents', tone: 'busy' },
  { key: 'user', label: 'People', tone: 'good' },
  { key: 'service', label: 'Services', tone: 'wait' },
];

export const AUDIT_SERIES: { readonly [B in CountedBy]: readonly Series[] } = {
  category: CATEGORIES,
  decision: VERDICTS,
  actor: ACTORS,
};

/** Questions auditors begin with, as queries. */
export const PRESETS: readonly { readonly label: string; readonly q: string }[] = [
  { label: 'Everything', q: '' },
  { label: 'Denials', q: 'decision:deny' },
  { label: 'Approvals', q: 'decision:ask' },
  { label: 'Permission changes', q: 'type:policy.*,key.*,definition.*' },
  { label: 'Stops', q: 'type:stop.*' },
  { label: 'Handoffs', q: 'type:handoff.*' },
  { label: 'Reads of the log', q: 'type:access.*' },
];
