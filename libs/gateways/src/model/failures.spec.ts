import { brokenFailure, statusFailure } from './failures';

describe('an answer that refuses', () => {
  const refused = (status: number, body: string) =>
    statusFailure({ status, body, retryAfter: undefined, secret: 'hunter2' });

  it('never leaves the caller without a code, whatever the status', () => {
    for (let status = 100; status < 600; status += 1) {
      expect(refused(status, '').failure.code).toMatch(/^model_[a-z_]+$/);
    }
  });

  it('of the kind that may have done the work is never said not to have landed', () => {
    for (const status of [500, 502, 503, 504, 520, 599]) expect(refused(status, '').landed).toBe('maybe');
  });

  it('is quoted short, on one line, without the key', () => {
    const body = JSON.stringify({ error: { message: `a\nb hunter2 ${'c'.repeat(1_000)}`, code: 'x y' } });
    const { failure } = refused(400, body);
    expect(failure.message).toMatch(/^the model endpoint answered 400: a b \[redacted\] c+$/);
    expect(failure.message.length).toBeLessThan(400);
    expect(failure.details).toEqual({ status: 400 });
  });
});

it('a cancelled call is cancelled, even if the connection broke too', () => {
  expect(brokenFailure('cancelled', true, 'ECONNRESET').failure.class).toBe('cancelled');
});
