import { say } from './toasts';

/** Copies and says so. Without a clipboard (a page not served over HTTPS or from this machine) it says that instead. */
export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    say(`${what} copied`);
  } catch {
    say(`${what} could not be copied: this browser gives the clipboard only to secure pages`, 'bad');
  }
}
