/** Closes in the opposite order of opening, also when opening stopped half-way; asked twice, it closes once. */
export class Closing {
  readonly #steps: (() => Promise<unknown>)[] = [];
  #closed: Promise<void> | null = null;

  add<T>(value: T, close: (value: T) => Promise<unknown>): T {
    this.#steps.push(() => close(value));
    return value;
  }

  run(): Promise<void> {
    this.#closed ??= this.#run();
    return this.#closed;
  }

  async #run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      // One part that cannot close must not keep the others open.
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}
