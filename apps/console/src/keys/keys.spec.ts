import { type Binding, Keyboard, type KeyPress } from './keys';

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  mod: false,
  shift: false,
  alt: false,
  inField: false,
  ...more,
});

function board(...keys: readonly string[]): { keyboard: Keyboard; said: string[] } {
  const keyboard = new Keyboard();
  const said: string[] = [];
  const bindings: Binding[] = keys.map((one) => ({ keys: one, label: one, group: 'List', run: () => said.push(one) }));
  keyboard.add(() => bindings);
  return { keyboard, said };
}

describe('the keyboard', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('runs single keys at once and chords on their second key', () => {
    const { keyboard, said } = board('j', 'g r');
    expect(keyboard.press(press('j'))).toBe(true);
    keyboard.press(press('g'));
    keyboard.press(press('r'));
    expect(said).toEqual(['j', 'g r']);
  });

  it('runs a key that also begins a chord once no second key followed', () => {
    const { keyboard, said } = board('c', 'c l');
    keyboard.press(press('c'));
    expect(said).toEqual([]);
    jest.advanceTimersByTime(1_000);
    expect(said).toEqual(['c']);
    keyboard.press(press('c'));
    keyboard.press(press('l'));
    expect(said).toEqual(['c', 'c l']);
  });

  it('takes nothing while somebody types, but for what says so', () => {
    const { keyboard, said } = board('j');
    keyboard.add(() => [
      { keys: 'mod+k', label: 'palette', group: 'Everywhere', inFields: true, run: () => said.push('palette') },
    ]);
    expect(keyboard.press(press('j', { inField: true }))).toBe(false);
    expect(keyboard.press(press('k', { inField: true, mod: true }))).toBe(true);
    expect(said).toEqual(['palette']);
  });

  it('lets the page on top win, and gives the keys back when it leaves', () => {
    const { keyboard, said } = board('o');
    const leave = keyboard.add(() => [{ keys: 'o', label: 'o', group: 'List', run: () => said.push('top') }]);
    keyboard.press(press('o'));
    leave();
    keyboard.press(press('o'));
    expect(said).toEqual(['top', 'o']);
  });

  it('leaves what it does not know to the browser', () => {
    const { keyboard } = board('j');
    expect(keyboard.press(press('x'))).toBe(false);
    expect(keyboard.press(press('j', { mod: true }))).toBe(false);
    expect(keyboard.press(press('j', { alt: true }))).toBe(false);
  });
});
