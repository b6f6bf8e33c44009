import type { Database } from '@writ/database';
import { recordEvaluations } from '@writ/engine';
import type { TenantId } from '@writ/kernel';

type Evaluation = Parameters<typeof recordEvaluations>[2][number];

interface Waiting {
  readonly made: readonly Evaluation[];
  readonly settle: (recorded: boolean) => void;
  readonly fail: (error: unknown) => void;
}

/** Evaluations that one transaction takes. */
const MOST = 500;

/**
 * Writes evaluations down before they are answered. A tenant's stream takes one transaction at a time: while one is under
 * way the next gathers, and goes as soon as it is over.
 */
export class EvaluationRecorder {
  readonly #waiting = new Map<TenantId, Waiting[]>();

  constructor(private readonly database: Database) {}

  /** False where the authority moved since they were decided: nothing was written. */
  record(tenant: TenantId, made: readonly Evaluation[]): Promise<boolean> {
    if (made.length === 0) return Promise.resolve(true);
    return new Promise((settle, fail) => {
      const line = this.#waiting.get(tenant);
      if (line) {
        line.push({ made, settle, fail });
        return;
      }
      this.#waiting.set(tenant, [{ made, settle, fail }]);
      void this.#write(tenant);
    });
  }

  async #write(tenant: TenantId): Promise<void> {
    for (let line = this.#waiting.get(tenant); line && line.length > 0; line = this.#waiting.get(tenant)) {
      let size = 0;
      const taken = line.filter(({ made }, i) => i === 0 || (size += made.length) <= MOST);
      this.#waiting.set(
        tenant,
        line.filter((one) => !taken.includes(one)),
      );
      await this.#together(tenant, taken);
    }
    this.#waiting.delete(tenant);
  }

  /** One that was decided too early, or cannot be written, is no fault of those beside it. */
  async #together(tenant: TenantId, taken: readonly Waiting[]): Promise<void> {
    const write = (made: readonly Evaluation[]): Promise<boolean> =>
      this.database.withTenant(tenant, (tx) => recordEvaluations(tx, tenant, made));
    const all = await write(taken.flatMap(({ made }) => made)).catch((error: unknown) => error);
    if (all === true || taken.length === 1) {
      for (const one of taken) {
        if (typeof all === 'boolean') one.settle(all);
        else one.fail(all);
      }
      return;
    }
    for (const one of taken) await write(one.made).then(one.settle, one.fail);
  }
}
