import type { JsonObject } from '@writ/kernel';

/** What a model is told of handing something of a shape to an agent. */
interface Handing {
  /** Parameters of `handoff_to_<agent>`: a reason, and the payload. */
  readonly handoff: JsonObject;
  /** Parameters of `ask_<agent>`: the payload itself. */
  readonly consult: JsonObject;
}

const made = new WeakMap<object, Handing>();

/** By what an agent takes. INVARIANT: the same objects for the same schema each time; a validator is compiled once per object. */
export function handingOf(takes: object): Handing {
  let handing = made.get(takes);
  if (!handing) {
    // A schema that points into its own definitions points to the root of the whole.
    const { $defs, ...payload } = takes as JsonObject;
    const defs = $defs === undefined ? {} : { $defs };
    handing = {
      handoff: {
        type: 'object',
        properties: {
          reason: {
            type: 'string',
            minLength: 1,
            maxLength: 500,
            description: 'Why the other agent should take over.',
          },
          payload: { type: 'object', ...payload },
        },
        required: ['reason', 'payload'],
        additionalProperties: false,
        ...defs,
      },
      consult: { type: 'object', ...(takes as JsonObject) },
    };
    made.set(takes, handing);
  }
  return handing;
}
