/**
 * Rounds to cents, half to even on the number's exact binary value: what the shop's books were kept with. A double is
 * halfway between two cents only when its fraction is an odd number of eighths; everything else `toFixed` gets right.
 */
export function roundCents(amount: number): number {
  if (!Number.isFinite(amount)) return amount;
  const eighths = amount * 8;
  if (Number.isInteger(eighths) && eighths % 2 !== 0) {
    const cents = Math.floor(amount * 100);
    return (cents % 2 === 0 ? cents : cents + 1) / 100;
  }
  return Math.abs(amount) >= 1e21 ? amount : Number(amount.toFixed(2));
}

/** A number as the shop writes it: always with a decimal point, an exponent from 1e16 on and below 1e-4. */
export function floatText(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    const [digits = '', exponent = ''] = value.toExponential().split('e');
    const sign = exponent.startsWith('-') ? '-' : '+';
    return `${digits}e${sign}${exponent.slice(1).padStart(2, '0')}`;
  }
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
