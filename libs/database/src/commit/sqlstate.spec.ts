import { DatabaseError } from 'pg';
import { type Verdict, verdictOf } from './sqlstate';

function failed(code: string, severity = 'ERROR'): DatabaseError {
  const error = new DatabaseError(`a ${code}`, 0, 'error');
  error.code = code;
  error.severity = severity;
  return error;
}

describe('what a failed commit call means', () => {
  it.each<[string, Verdict]>([
    ['22021', 'data'],
    ['22P05', 'data'],
    ['23505', 'data'],
    ['23514', 'data'],
    ['54000', 'data'],
    ['40001', 'again'],
    ['40P01', 'again'],
    ['57014', 'again'],
    ['53100', 'again'],
    ['53300', 'again'],
    ['55P03', 'blocked'],
    ['08006', 'lost'],
    ['25006', 'lost'],
    ['57P01', 'lost'],
    ['57P02', 'lost'],
    ['57P03', 'lost'],
    ['42501', 'defect'],
    ['42883', 'defect'],
    ['25000', 'defect'],
    ['XX000', 'defect'],
  ])('SQLSTATE %s: %s', (code, verdict) => {
    expect(verdictOf(failed(code))).toBe(verdict);
  });

  it('is unknown for whatever ends the session, and for every error that is not the server’s', () => {
    expect(verdictOf(failed('XX000', 'FATAL'))).toBe('lost');
    expect(verdictOf(failed('XX000', 'PANIC'))).toBe('lost');
    expect(verdictOf(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))).toBe('lost');
    expect(verdictOf(new Error('Connection terminated unexpectedly'))).toBe('lost');
    expect(verdictOf(undefined)).toBe('lost');
  });

  it('is never success: an error that only looks like the server’s proves nothing', () => {
    expect(verdictOf({ code: '22021', severity: 'ERROR' })).toBe('lost');
  });
});
