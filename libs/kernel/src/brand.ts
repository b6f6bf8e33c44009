declare const brand: unique symbol;

/** A nominal type: a `RunId` is not a `string` to the compiler, and is one at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
