type Value = string | number | boolean | null | undefined;

const quoted = (value: Value): string => {
  const text = value === null || value === undefined ? '' : String(value);
  // A cell that begins with one of these is a formula to a spreadsheet.
  const safe = /^[=+\-@\t\r]/.test(text) && typeof value === 'string' ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

/** Rows as CSV (RFC 4180) under a header line. */
export function csv(header: readonly string[], rows: readonly (readonly Value[])[]): string {
  return [header, ...rows].map((row) => row.map(quoted).join(',')).join('\r\n');
}

export const ndjson = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

/** Gives text to the browser as a file. */
export function download(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A word of a shell command: as it stands where that is safe, in single quotes otherwise. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_:./@,=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
