import { dirname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ToolFunction } from '../tools/function';

/** Where a function's code stands: what another process needs to run it. */
export interface FunctionSource {
  /** `file:` URL of an ES module. */
  readonly module: string;
  /** Name of the export. */
  readonly name: string;
  /** Folder whose files it may read, being its code: the module and what that imports. */
  readonly folder: string;
}

const SOURCES = new WeakMap<ToolFunction, FunctionSource>();

/**
 * A tool function that stands in a module by itself. Only such a function can be confined: a closure cannot leave its
 * process. Where nothing obliges to a sandbox it runs in this process, like any other. `folder` is read with it, by
 * default the module's own.
 */
export function fromModule(module: string | URL, name: string, folder?: string): ToolFunction {
  const url = String(module).startsWith('file:') ? String(module) : pathToFileURL(String(module)).href;
  const source = { module: url, name, folder: folder ?? dirname(fileURLToPath(url)) };
  const work: ToolFunction = async (args, context) => {
    const found = ((await import(url)) as { readonly [name: string]: unknown })[name];
    if (typeof found !== 'function') throw new Error(`the module has no function ${name}`);
    return (found as ToolFunction)(args, context);
  };
  SOURCES.set(work, source);
  return work;
}

export const sourceOf = (work: ToolFunction): FunctionSource | undefined => SOURCES.get(work);
