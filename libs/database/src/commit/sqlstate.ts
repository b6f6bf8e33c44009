import { DatabaseError } from 'pg';

/**
 * What a failed commit call means for the batch that was sent.
 * - lost: no answer, the outcome is unknown; the same units go again on a new connection
 * - again: rolled back for a reason that passes (deadlock, lack of room); the same batch goes again
 * - blocked: rolled back because a row stayed locked; the batch is halved, so that its neighbours get past
 * - data: rolled back because of what a unit holds; the batch is halved until the one unit stands alone
 * - defect: rolled back for a reason that is ours or the server's; halved too, then thrown
 */
export type Verdict = 'lost' | 'again' | 'blocked' | 'data' | 'defect';

const AGAIN = new Set(['40001', '40P01', '57014']);
/** The server ends the connection, or has turned into one that cannot write: a standby after a failover. */
const LOST = new Set(['25006', '25P03', '25P04', '57P01', '57P02', '57P03', '57P05']);
const BLOCKED = '55P03';
const DATA_CLASSES = new Set(['22', '23', '54']);

/** SQLSTATE classes: PostgreSQL documentation, appendix A. */
export function verdictOf(error: unknown): Verdict {
  if (!(error instanceof DatabaseError) || error.code === undefined) return 'lost';
  const { code } = error;
  const family = code.slice(0, 2);
  if (LOST.has(code) || family === '08' || error.severity === 'FATAL' || error.severity === 'PANIC') return 'lost';
  if (AGAIN.has(code) || family === '53') return 'again';
  if (code === BLOCKED) return 'blocked';
  if (DATA_CLASSES.has(family)) return 'data';
  return 'defect';
}
