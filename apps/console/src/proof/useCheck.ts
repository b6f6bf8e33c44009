import { useMutation } from '@tanstack/react-query';
import { api } from '../api/client';
import type { Checked } from './check';
import { checkEvent } from './check';
import type { Listed } from './findings';
import { raiseAlarm } from './alarm';

/** Checks one event when asked to. A check that finds something broken is told to the whole page. */
export function useCheck(id: string, base: string, listed: Listed) {
  return useMutation({
    mutationKey: ['check', id],
    mutationFn: async (): Promise<Checked> => {
      const checked = await checkEvent({
        base,
        listed,
        source: {
          event: () => api.audit.event(id),
          proof: () => api.audit.proof(id),
          consistency: (from, to) => api.audit.consistency({ from, to }),
          namedKeys: async () => (await api.audit.log()).keys.map((key) => key.vkey),
        },
      });
      const broken = checked.findings.find((finding) => finding.standing === 'broken');
      if (broken) raiseAlarm({ ...broken, index: checked.index, event: id });
      return checked;
    },
  });
}
