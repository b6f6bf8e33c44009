import { useLocation } from '@tanstack/react-router';
import { useAddress } from '../url/useAddress';
import type { Zone } from './format';

/** The zone times are written in: the address says it; without it evidence is in UTC and everything else is local. */
export function useZone(): Zone {
  const { tz } = useAddress().search;
  const evidence = useLocation({ select: ({ pathname }) => pathname.startsWith('/audit') });
  if (tz === 'utc' || tz === 'local') return tz;
  return evidence ? 'utc' : 'local';
}
