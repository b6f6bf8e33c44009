import { loggerTo } from './logger';
import { redactText } from './redact';
import { withTraceContext } from './span';

const HEADER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

function logged(write: (log: ReturnType<typeof loggerTo>) => void): string {
  const lines: string[] = [];
  write(loggerTo('room', { write: (line: string) => lines.push(line) }));
  return lines.join('');
}

describe('a log line', () => {
  const before = process.env['WRIT_LOG_LEVEL'];
  beforeEach(() => {
    process.env['WRIT_LOG_LEVEL'] = 'info';
  });
  afterEach(() => {
    if (before === undefined) delete process.env['WRIT_LOG_LEVEL'];
    else process.env['WRIT_LOG_LEVEL'] = before;
  });

  it('is one JSON object with name, level, time and the ids of the trace', () => {
    const line = logged((log) => withTraceContext(HEADER, () => log.info({ run: 'run_1' }, 'hello')));
    expect(JSON.parse(line)).toMatchObject({
      name: 'room',
      level: 'info',
      run: 'run_1',
      msg: 'hello',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      span_id: 'b7ad6b7169203331',
    });
  });

  it('outside a trace carries no ids', () => {
    expect(JSON.parse(logged((log) => log.warn('x')))).not.toHaveProperty('trace_id');
  });

  it('is written from the level that WRIT_LOG_LEVEL names; a word it does not know is refused', () => {
    expect(logged((log) => log.debug('quiet'))).toBe('');
    process.env['WRIT_LOG_LEVEL'] = 'debug';
    expect(logged((log) => log.debug('loud'))).toContain('loud');
    process.env['WRIT_LOG_LEVEL'] = 'chatty';
    expect(() => loggerTo('room', { write: () => undefined })).toThrow('WRIT_LOG_LEVEL is chatty');
  });

  it('holds no secret, whatever it hangs on', () => {
    const secret = 'sk-abcdefghijklmnop1234';
    const error = new Error(`failed with Bearer ${secret}`);
    const line = logged((log) => {
      log.error(
        {
          err: error,
          headers: { Authorization: `Bearer ${secret}`, 'x-api-key': secret, accept: 'json' },
          deep: { list: [{ api_key: secret }, { password: 'hunter2hunter2' }] },
          url: 'postgres://writ:hunter2hunter2@localhost/db',
        },
        `and in words: ${secret} postgres://u:hunter2hunter2@h/d`,
      );
      log.child({ token: 'hunter2hunter2' }).info('child');
    });
    expect(line).not.toContain(secret);
    expect(line).not.toContain('hunter2hunter2');
    expect(line).toContain('"accept":"json"');
    expect(line).toContain('postgres://writ:[redacted]@localhost/db');
    for (const one of line.trim().split('\n')) expect(() => JSON.parse(one) as unknown).not.toThrow();
  });

  it('survives values that hold themselves', () => {
    const ring: Record<string, unknown> = {};
    ring['self'] = ring;
    expect(() => JSON.parse(logged((log) => log.info({ ring }, 'x'))) as unknown).not.toThrow();
  });
});

it.each([
  ['an ordinary sentence about tokens and keys', 'an ordinary sentence about tokens and keys'],
  ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [redacted]'],
  ['https://host/path?x=1', 'https://host/path?x=1'],
  [`writ_0${'1'.repeat(25)}_${'A'.repeat(43)}`, `writ_0${'1'.repeat(25)}_[redacted]`],
  ['signed with whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw=', 'signed with whsec_[redacted]'],
  ['kept as enc:0011aabb:MfKQ9r8GKYqrTw', 'kept as enc:0011aabb:[redacted]'],
  ['redis://:pw@host', 'redis://:[redacted]@host'],
])('the text %j is shown as %j', (text, shown) => {
  expect(redactText(text)).toBe(shown);
});
