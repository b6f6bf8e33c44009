import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../numbers';
import type { Disk } from './p12-model';

const CHUNK = 1_048_576;
const SMALL = 32_768;
const MS = 700;

/** How fast the disk below makes writes durable: flushes of a batch's size, and of a mebibyte each for its width. */
export function measureDisk(): Disk {
  const dir = mkdtempSync(join(tmpdir(), 'writ-disk-'));
  try {
    const small = flushes(join(dir, 'small'), SMALL);
    const large = flushes(join(dir, 'large'), CHUNK);
    return { flushMs: median(small), bytesPerSecond: (CHUNK / median(large)) * 1_000 };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Milliseconds of each write and flush. The file is written over, as Postgres does with its segments. */
function flushes(path: string, bytes: number): number[] {
  const file = openSync(path, 'w');
  try {
    const text = Buffer.alloc(bytes, 'x');
    for (let at = 0; at < 16; at++) writeSync(file, text, 0, bytes, at * bytes);
    fdatasyncSync(file);
    const taken: number[] = [];
    for (const end = performance.now() + MS; performance.now() < end;) {
      const from = performance.now();
      writeSync(file, text, 0, bytes, (taken.length % 16) * bytes);
      fdatasyncSync(file);
      taken.push(performance.now() - from);
    }
    return taken;
  } finally {
    closeSync(file);
  }
}
