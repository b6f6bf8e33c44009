import { ID_PREFIXES, type RunId, sha256Hex } from '@writ/kernel';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** Characters of an id's body that hold its time; the others are drawn here from what the child is. */
const TIME_LENGTH = 10;

/**
 * The id of the run that a node starts: the same however often the node is planned, so that a start whose answer was
 * lost is found again. It sorts with its parent.
 */
export function childRunId(parent: RunId, path: string): RunId {
  const time = parent.slice(ID_PREFIXES.run.length + 1, ID_PREFIXES.run.length + 1 + TIME_LENGTH);
  const drawn = sha256Hex(`${parent} ${path}`);
  let body = '';
  for (let i = 0; i < 16; i++) body += ALPHABET[Number.parseInt(drawn.slice(2 * i, 2 * i + 2), 16) % 32];
  return `${ID_PREFIXES.run}_${time}${body}` as RunId;
}
