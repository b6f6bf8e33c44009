interface Room {
  readonly kind: 'libs' | 'apps';
  readonly name: string;
}

export declare function importFault(file: string, specifier: string, typeOnly: boolean): string | null;
export declare function isTest(file: string): boolean;
export declare function packageOf(specifier: string): string;
export declare function roomOf(file: string): Room | null;
