import { useNavigate } from '@tanstack/react-router';
import { useKeys } from '../keys/useKeys';
import { copyText } from '../ui/clipboard';
import type { Panel } from './panel';
import { PAGES } from './pages';

/** The keys that hold on every page. */
export function useFrameKeys(open: (panel: Panel) => void): void {
  const navigate = useNavigate();
  useKeys([
    { keys: 'mod+k', label: 'Find anything', group: 'Everywhere', inFields: true, run: () => open('palette') },
    { keys: 'mod+shift+.', label: 'Stops', group: 'Everywhere', inFields: true, run: () => open('stop') },
    { keys: '?', label: 'Keys of this page', group: 'Everywhere', run: () => open('keys') },
    { keys: 'c l', label: 'Copy the link to this screen', group: 'Copy', run: () => void copyLink() },
    ...PAGES.map((page) => ({
      keys: page.keys,
      label: page.label,
      group: 'Go to' as const,
      run: () => void navigate({ to: page.to }),
    })),
  ]);
}

export const copyLink = (): Promise<void> => copyText(window.location.href, 'Link to this screen');
