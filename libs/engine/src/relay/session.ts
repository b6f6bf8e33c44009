import {
  canonicalJson,
  CanonicalError,
  digestOf,
  type Failure,
  type Json,
  type JsonObject,
  randomBytes,
  toHex,
} from '@writ/kernel';
import type { ModelReply, Relay, ToolSpec } from '@writ/gateways';
import type { AgentDefinition, BillOfMaterials, Versioned } from '@writ/registry';
import { checkArguments } from '../arguments';
import type { EngineContext } from '../context';
import { passAnswer } from '../guard/pass-answer';
import type { HeldRun } from '../held-run';
import { keepAside } from '../keep-aside';
import { record } from '../outcomes';
import { branchPath } from '../path';
import type { NodeResult, RelayState } from '../state';

/** What one call of a framework may ask for in all, and at once. */
const MOST_ASKED = 1_000;
const MOST_AT_ONCE = 64;

type RelaySession = Parameters<Relay['open']>[1];
type Refused = Extract<Awaited<ReturnType<RelaySession['call']>>, { ok: false }>;
type RelayAnswer<T> = { readonly ok: true; readonly value: T } | Refused;

interface Place {
  readonly path: string;
  readonly agent: Versioned<AgentDefinition>;
}

type Asked = Pick<RelayState, 'kind' | 'target' | 'request'>;

/**
 * One call of an external framework while it lasts. What the framework asks for is put into the run's journal and led
 * like any other step, in a branch of its own: decided, recorded, charged. A framework that is called anew (its worker
 * died, its time ran out) and asks the same again is given what came of it (I4); nothing is done twice.
 */
export class FrameworkSession implements RelaySession {
  readonly token = toHex(randomBytes(32));
  readonly tools: readonly ToolSpec[];
  /** Askings of earlier calls and this one that have been answered to this call. */
  readonly #claimed = new Set<string>();
  readonly #waiting = new Map<string, (result: NodeResult) => void>();
  readonly #unwatch: () => void;
  #over = false;

  constructor(
    private readonly ctx: EngineContext,
    private readonly held: HeldRun,
    private readonly place: Place,
  ) {
    this.tools = toolsOf(place.agent.definition, held.planner.bill);
    this.#unwatch = held.crew.watch(() => this.#look());
  }

  get model(): string {
    return this.place.agent.definition.model;
  }

  async ask(request: JsonObject): Promise<RelayAnswer<ModelReply>> {
    const { max_turns: most, name } = this.place.agent.definition;
    const turns = this.#asked().filter((one) => one.kind === 'model').length;
    const again = this.#earlier({ kind: 'model', target: this.model, request });
    if (!again && turns >= most) {
      return refused({
        code: 'turn_limit',
        class: 'permanent',
        message: `agent ${name} took ${turns} turns without finishing`,
      });
    }
    const answer = await this.#relay({ kind: 'model', target: this.model, request });
    return answer.ok ? { ok: true, value: answer.value as unknown as ModelReply } : answer;
  }

  async call(name: string, args: JsonObject): Promise<RelayAnswer<Json>> {
    // Names match byte for byte: a near match is a different tool.
    const tool = this.tools.find((one) => one.name === name);
    if (!tool) {
      const message = `there is no tool ${JSON.stringify(name.slice(0, 80))}`;
      return refused({ code: 'unknown_tool', class: 'permanent', message });
    }
    const checked = checkArguments(JSON.stringify(args), tool.parameters);
    if (!checked.ok) return refused(checked.failure);
    return this.#relay({ kind: 'tool', target: name, request: checked.value });
  }

  /** The call is over: whatever it still waits for is not told any more. */
  end(): void {
    this.#over = true;
    this.#unwatch();
    for (const resolve of this.#waiting.values()) resolve({ done: false, status: 'failed', failure: OVER });
    this.#waiting.clear();
  }

  async #relay(asked: Asked): Promise<RelayAnswer<Json>> {
    let text: string;
    try {
      text = canonicalJson(asked.request);
    } catch (error) {
      if (!(error instanceof CanonicalError)) throw error;
      return refused({
        code: 'request_unencodable',
        class: 'permanent',
        message: `the request holds ${error.message}`,
      });
    }
    const ref = await keepAside(this.ctx, this.held.tenant, text);
    if (this.#over) return refused(OVER);
    const key = this.#earlier(asked)?.key ?? this.#record(asked, ref);
    if (key === null) return refused(TOO_MUCH);
    this.#claimed.add(key);
    const result = await new Promise<NodeResult>((resolve) => {
      this.#waiting.set(branchPath(this.place.path, key), resolve);
      this.#look();
    });
    if (!result.done) return refused(result.failure);
    return asked.kind === 'tool' ? this.#heard(result.output) : { ok: true, value: result.output };
  }

  /** What a tool answered enters the agent here: its framework hears it before any model does. */
  async #heard(answer: Json): Promise<RelayAnswer<Json>> {
    const { path, agent } = this.place;
    const authority = await this.ctx.authority.get(this.held.tenant);
    const heard = passAnswer(this.held, authority, {
      path,
      agent: agent.definition.name,
      answer,
      now: this.ctx.clock.now(),
    });
    return heard.ok ? heard : refused(heard.failure);
  }

  #asked(): readonly RelayState[] {
    return this.held.state.relays.get(this.place.path) ?? [];
  }

  #earlier(asked: Asked): RelayState | undefined {
    const digest = digestOfAsked(asked);
    return this.#asked().find((one) => one.digest === digest && !this.#claimed.has(one.key));
  }

  #record(asked: Asked, ref: string | null): string | null {
    const { path } = this.place;
    const count = this.#asked().length;
    if (count >= MOST_ASKED || this.#waiting.size >= MOST_AT_ONCE) return null;
    const key = `x${count + 1}`;
    const digest = digestOfAsked(asked);
    const at = this.ctx.clock.now();
    record(this.held, {
      type: 'relay_asked',
      at,
      path,
      key,
      digest,
      ...asked,
      ...(ref !== null && { request_ref: ref }),
    });
    this.held.crew.ask();
    return key;
  }

  #look(): void {
    for (const [path, resolve] of this.#waiting) {
      const result = this.held.state.results.get(path);
      if (!result) continue;
      this.#waiting.delete(path);
      resolve(result);
    }
  }
}

const digestOfAsked = ({ kind, target, request }: Asked): string => digestOf(canonicalJson({ kind, target, request }));

/** The agent's own tools, as its model would be offered them; nothing of other agents. */
function toolsOf({ tools }: AgentDefinition, bill: BillOfMaterials): readonly ToolSpec[] {
  return tools.map((name) => {
    const { description, input } = bill.tools.get(name)!.definition;
    return { name, description, parameters: input as JsonObject };
  });
}

/** INVARIANT: a framework learns the stable reason code of a refusal and nothing of the rules. */
function refused(failure: Failure): Refused {
  const reason = failure.details?.['reason'];
  const said = failure.class === 'policy' && typeof reason === 'string' ? `denied: ${reason}` : failure.message;
  return { ok: false, failure, said: `Error: ${said}` };
}

const OVER: Failure = { code: 'session_over', class: 'cancelled', message: 'the call of the framework is over' };
const TOO_MUCH: Failure = {
  code: 'relay_limit',
  class: 'permanent',
  message: `a framework asks at most ${MOST_ASKED} times in one call, ${MOST_AT_ONCE} at once`,
};
