import { useEffect, useRef } from 'react';
import { type Binding, Keyboard } from './keys';

export const keyboard = new Keyboard();

/** What Enter and Space already mean something to. */
const PRESSABLE = 'button, a[href], summary, [role="slider"], [role="tab"], [role="menuitem"], [role="option"]';
const FIELDS = 'input, textarea, select, [contenteditable="true"], [role="combobox"]';

/** Listens once, for the whole page. A dialog that is open keeps the keys to itself, but for those of fields. */
export function useKeyboard(): void {
  useEffect(() => {
    const down = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return;
      const target = event.target instanceof Element ? event.target : null;
      if ((event.key === 'Enter' || event.key === ' ') && target?.closest(PRESSABLE)) return;
      const inField =
        target?.closest(FIELDS) !== null || document.querySelector('[role="dialog"][aria-modal="true"]') !== null;
      const { shiftKey: shift, altKey: alt } = event;
      const mod = event.metaKey || event.ctrlKey;
      // With the shift key a full stop is another character on every layout.
      const key = mod && event.code === 'Period' ? '.' : event.key;
      if (keyboard.press({ key, shift, alt, mod, inField })) event.preventDefault();
    };
    window.addEventListener('keydown', down);
    return () => window.removeEventListener('keydown', down);
  }, []);
}

/** The keys of a component for as long as it is on the page; the newest functions are always the ones run. */
export function useKeys(bindings: readonly Binding[]): void {
  const latest = useRef(bindings);
  useEffect(() => {
    latest.current = bindings;
  });
  useEffect(() => keyboard.add(() => latest.current), []);
}
