/** The action itself, its group (`run.*`) and everything (`*`): the only patterns a rule may write. */
export function actionPatterns(action: string): readonly string[] {
  let patterns = PATTERNS.get(action);
  // Only words that are actions get here often; the bound keeps a caller's other words from piling up.
  if (!patterns) {
    patterns = patternsOf(action);
    if (PATTERNS.size < 256) PATTERNS.set(action, patterns);
  }
  return patterns;
}

const PATTERNS = new Map<string, readonly string[]>();

function patternsOf(action: string): readonly string[] {
  const dot = action.indexOf('.');
  return dot === -1 ? [action, '*'] : [action, `${action.slice(0, dot)}.*`, '*'];
}
