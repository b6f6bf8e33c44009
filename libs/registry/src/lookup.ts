import type { Definition, DefinitionKind } from './definitions';

/** What is published already and what is about to be, by kind and name; the batch wins. */
export interface Lookup {
  get<K extends DefinitionKind>(kind: K, name: string): Extract<Definition, { kind: K }> | undefined;
  all<K extends DefinitionKind>(kind: K): readonly Extract<Definition, { kind: K }>[];
}

type Find = Lookup['get'];

export function lookupOf(published: readonly Definition[], batch: readonly Definition[]): Lookup {
  const byKey = new Map<string, Definition>();
  for (const definition of [...published, ...batch]) byKey.set(`${definition.kind} ${definition.name}`, definition);
  return {
    get: ((kind: DefinitionKind, name: string) => byKey.get(`${kind} ${name}`)) as Find,
    all: ((kind: DefinitionKind) => [...byKey.values()].filter((one) => one.kind === kind)) as Lookup['all'],
  };
}

export function missing(kind: DefinitionKind, name: string): string {
  return `no ${kind} named ${name} is published or among these documents`;
}
