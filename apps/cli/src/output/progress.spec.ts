import type { Format } from './output';
import { Progress } from './progress';

function watched(drawable: boolean, given: { total?: number | null; format?: Format; quiet?: boolean } = {}) {
  let said = '';
  const io = {
    drawable,
    terminal: drawable,
    width: 80,
    env: { NO_COLOR: '1' },
    err: (text: string) => void (said += text),
  };
  const { total = 1_000, format = 'table', quiet = false } = given;
  const progress = new Progress(io, { label: 'verifying', unit: 'events', total, format, quiet });
  return { progress, said: () => said };
}

describe('progress', () => {
  it('is one line redrawn on a terminal, and gone at the end', () => {
    const { progress, said } = watched(true);
    for (let done = 0; done <= 1_000; done++) progress.update(done);
    progress.end();
    expect(said()).toMatch(/^\rverifying .*\u001b\[K.*\r\u001b\[K$/s);
    expect(said()).not.toContain('\n');
  });

  it('turns while nobody knows how much there is', () => {
    const { progress, said } = watched(true, { total: null });
    progress.update(5);
    expect(said()).toMatch(/^\r[⠋-⠿] verifying 5 events/);
  });

  it('is a line each tenth where nobody watches', () => {
    const { progress, said } = watched(false);
    for (let done = 0; done <= 1_000; done++) progress.update(done);
    progress.end();
    const lines = said().trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatch(/^verifying 10 %, 100 of 1,000 events, [\d,]+\/s, [\d.]+ s left$/);
    expect(said()).not.toContain('\r');
  });

  it('is objects for programs', () => {
    const { progress, said } = watched(true, { format: 'ndjson' });
    for (let done = 0; done <= 1_000; done += 100) progress.update(done);
    const objects = said()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(objects).toHaveLength(10);
    expect(objects[4]).toMatchObject({ progress: { label: 'verifying', done: 500, total: 1_000, unit: 'events' } });
  });

  it('is nothing when it is to be quiet', () => {
    const { progress, said } = watched(true, { quiet: true });
    progress.update(500);
    progress.end();
    expect(said()).toBe('');
  });
});
