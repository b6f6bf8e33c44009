/** Why a model or a policy cannot be carried over as a whole. Thrown inside this folder only; callers get a `Failure`. */
export class ImportRefusal extends Error {
  constructor(
    readonly code: 'casbin_model' | 'casbin_policy' | 'casbin_domain' | 'casbin_unsupported',
    reason: string,
    readonly next?: string,
  ) {
    super(reason);
  }
}
