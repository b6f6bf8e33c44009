/** `Retry-After` (RFC 9110 §10.2.3) in milliseconds: seconds or a date; null when absent or unreadable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  if (/^\d+(\.\d+)?$/.test(header.trim())) return Math.round(Number(header) * 1000);
  // An HTTP date names its day; the engine's parser would take "-5" for a year.
  const date = /^[A-Za-z]{3}/.test(header.trim()) ? Date.parse(header) : NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
