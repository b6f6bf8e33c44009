import { idKind } from '@writ/kernel';
import { api } from '../api/client';

/** Where a pasted id leads, as an address of the console; null for text that is no id, or names nothing shown here. */
export async function whereIs(text: string, signal: AbortSignal): Promise<string | null> {
  switch (idKind(text)) {
    case 'run':
      return `/runs/${text}`;
    case 'decision': {
      const decision = await api.decisions.get(text, { signal });
      return decision.run === null ? null : `/runs/${decision.run}?tab=decisions&dec=${text}`;
    }
    case 'event':
      return `/audit?sel=${text}&from=all`;
    default:
      return null;
  }
}
