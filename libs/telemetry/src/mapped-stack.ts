import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

/** What is read of a call site of V8. */
export interface Frame extends Pick<NodeJS.CallSite, 'getFileName' | 'getLineNumber' | 'getColumnNumber'> {
  toString(): string;
}

/** Maps of the files that stood in a stack; null for those that have none. */
const maps = new Map<string, SourceMap | null>();

/** The text of a stack as V8 writes it, with the lines of the sources in place of those of the built files. */
export function mappedStack(error: unknown, frames: readonly Frame[]): string {
  return [titleOf(error), ...frames.map(told)].join('\n    at ');
}

/** As V8 titles it. A stack may be asked for anything, also for what refuses to be a text; telling of it must not throw. */
function titleOf(error: unknown): string {
  try {
    return error instanceof Error ? String(error) : Error.prototype.toString.call(error);
  } catch {
    return 'Error';
  }
}

function told(frame: Frame): string {
  const [text, file, line, column] = [
    frame.toString(),
    frame.getFileName(),
    frame.getLineNumber(),
    frame.getColumnNumber(),
  ];
  if (!file || line === null || column === null || file.includes('node_modules')) return text;
  const entry = mapOf(file)?.findEntry(line - 1, column - 1);
  if (!entry || !('originalSource' in entry)) return text;
  const { originalSource, originalLine, originalColumn } = entry;
  return text.replace(`${file}:${line}:${column}`, `${originalSource}:${originalLine + 1}:${originalColumn + 1}`);
}

function mapOf(file: string): SourceMap | null {
  let map = maps.get(file);
  if (map === undefined) maps.set(file, (map = readMap(file)));
  return map;
}

function readMap(file: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as ConstructorParameters<typeof SourceMap>[0]);
  } catch {
    // No map, or none that can be read: the place in the built file is better than no place.
    return null;
  }
}
