/** Closes in the opposite order of opening, also when opening stopped half-way. */
export class Closing {
  readonly #steps: (() => Promise<unknown>)[] = [];

  add<T>(value: T, close: (value: T) => Promise<unknown>): T {
    this.#steps.push(() => close(value));
    return value;
  }

  async run(): Promise<void> {
    for (const step of this.#steps.splice(0).reverse()) await step();
  }
}
