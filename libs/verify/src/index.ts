export { fromBase64, toBase64 } from './base64';
export { type Checkpoint, formatCheckpoint, isOriginOf, openCheckpoint, parseCheckpoint } from './checkpoint';
export { ExportWriter } from './export-lines';
export { leafHash, nodeHash } from './hashing';
export {
  formatNote,
  formatVkey,
  type Note,
  parseNote,
  parseVkey,
  signedBytes,
  verifierKey,
  type VerifierKey,
  verifyNote,
} from './note';
export { verifyConsistency, verifyInclusion } from './proofs';
export { consistencyProof, inclusionProof, rootAt, TileError, verifyTiles } from './prove';
export {
  decodeBundle,
  encodeBundle,
  growTiles,
  parseTilePath,
  type Tile,
  tilePath,
  type TileReader,
  tileWidth,
} from './tiles';
export { cover } from './ranges';
export { formatTlogProof, parseTlogProof } from './tlog-proof';
export { Tree } from './tree';
export { type EventReport, verifyEvent } from './verify-event';
export { type Report, type Trust, verifyExport } from './verify-export';
export type { Problem } from './report';
