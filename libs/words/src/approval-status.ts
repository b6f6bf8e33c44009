/**
 * - pending: people are being asked          - approved: granted, and not used yet
 * - used: granted, and the act it was for is on record   - rejected: somebody said no
 * - expired: nobody answered in time          - withdrawn: no longer what is asked; its reason says why
 * - replaced: the arguments were edited, another request has the new ones
 */
export const APPROVAL_STATUSES = [
  'pending',
  'approved',
  'used',
  'rejected',
  'expired',
  'withdrawn',
  'replaced',
] as const;
export type ApprovalStatus = (typeof APPROVAL_STATUSES)[number];
