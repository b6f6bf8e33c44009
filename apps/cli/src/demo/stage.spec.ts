import { ClaimFailed, Stage } from './stage';

function watched(drawable: boolean, quiet = false) {
  let said = '';
  const io = { drawable, width: 80, env: { NO_COLOR: '1' }, err: (text: string) => void (said += text) };
  return { stage: new Stage(io, quiet), said: () => said };
}

describe('the stage', () => {
  it('tells a claim only when it holds', () => {
    const { stage, said } = watched(false);
    stage.claim(true, 'it was paid once');
    expect(() => stage.claim(false, 'it was paid twice')).toThrow(ClaimFailed);
    expect(said()).toBe('     ✓ it was paid once\n');
  });

  it('says plain lines where nothing can be drawn over', async () => {
    const { stage, said } = watched(false);
    stage.act(1, 2, 'First');
    await stage.while('waiting', Promise.resolve());
    stage.say('done');
    expect(said()).toBe('\n  1/2  First\n       done\n');
  });

  it('draws one line that moves, the latest of several, and leaves nothing running', async () => {
    const { stage, said } = watched(true);
    const inner = async (): Promise<void> => stage.while('inner', new Promise((resolve) => setTimeout(resolve, 100)));
    await stage.while('outer', inner());
    expect(said()).toContain('outer 0.0 s');
    expect(said()).toContain('inner 0.0 s');
    expect(said().endsWith('\r\u001b[K')).toBe(true);
    const length = said().length;
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(said().length).toBe(length);
    await expect(stage.while('fails', Promise.reject(new Error('no')))).rejects.toThrow('no');
  });

  it('is silent when it is to be', async () => {
    const { stage, said } = watched(true, true);
    stage.act(1, 2, 'First');
    stage.claim(true, 'yes');
    await stage.while('waiting', Promise.resolve());
    expect(said()).toBe('');
  });
});
