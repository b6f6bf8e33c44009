export { fromBase64, toBase64 } from './base64';
export {
  type Checkpoint,
  formatCheckpoint,
  isOriginOf,
  openCheckpoint,
  type OpenedCheckpoint,
  parseCheckpoint,
} from './checkpoint';
export { type ExportHeader, ExportWriter } from './export-lines';
export { leafHash, nodeHash } from './hashing';
export {
  formatNote,
  formatVkey,
  type Note,
  type NoteSignature,
  parseNote,
  parseVkey,
  signedBytes,
  signerOf,
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
export { type Progress, type Report, type Trust, verifyExport } from './verify-export';
export type { Problem } from './report';
