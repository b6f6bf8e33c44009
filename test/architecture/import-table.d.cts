interface Wall {
  readonly packages: readonly string[];
  readonly allowed: readonly string[];
  readonly why: string;
}

declare const table: {
  readonly libs: Readonly<Record<string, readonly string[]>>;
  readonly apps: Readonly<Record<string, readonly string[]>>;
  readonly appImports: Readonly<Record<string, readonly string[]>>;
  readonly walls: readonly Wall[];
};

export = table;
