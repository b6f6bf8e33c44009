/**
 * Where a node stands in its run: segments joined by `/`, the root is ''. A segment is the id of a sequence's step, or
 * - `=key`  a branch: it runs beside its siblings and has one owner of its own
 * - `#n`    the n-th iteration of a loop          - `?n`  the n-th case of a choice, `?` the one for none of them
 * - `!`     what runs instead of a failed step    - `~`   what undoes a step          - `+`  what makes one of branches
 */
export const childOf = (path: string, segment: string): string => (path === '' ? segment : `${path}/${segment}`);

export const branchPath = (path: string, key: string): string => childOf(path, `=${key}`);

/** The branch a node belongs to: its path up to the last `=` segment; '' is the run's own. */
export function branchOf(path: string): string {
  if (!path.includes('=')) return '';
  const segments = path.split('/');
  for (let i = segments.length - 1; i >= 0; i--) {
    if (segments[i]!.startsWith('=')) return segments.slice(0, i + 1).join('/');
  }
  return '';
}

/** Whether a path is `outer` or lies below it. */
export const within = (path: string, outer: string): boolean =>
  outer === '' || path === outer || path.startsWith(`${outer}/`);

/** Node and key of a branch's path. */
export function branchKey(path: string): { readonly node: string; readonly key: string } {
  const at = path.lastIndexOf('=');
  return { node: path.slice(0, Math.max(0, at - 1)), key: path.slice(at + 1) };
}
