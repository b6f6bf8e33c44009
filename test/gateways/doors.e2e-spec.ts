import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '@writ/kernel';
import {
  type CallOutcome,
  DOORS,
  EgressGuard,
  functionTransport,
  httpTransport,
  mcpTransport,
  openAiProvider,
  readEgressRules,
} from '@writ/gateways';
import type { Door, OpenPermit, Permit } from '@writ/policy';
import { gatewayOver, limits, modelCall, toolCall } from './calls';
import { openOffice, type TestOffice, type Wanted } from './office';
import { countingRelay, type RawPeer, rawPeer, type RunningPeer, startHttpPeer, stdioPeer } from './peers';

/** One way out, with a peer that counts what it is sent. */
interface Way {
  readonly door: Wanted['door'];
  readonly target: string;
  readonly args: JsonObject;
  send(permit: Permit, args: JsonObject): Promise<CallOutcome<unknown>>;
  /** Grows with every byte that reaches the peer. */
  reached(): number;
  close(): Promise<void>;
}

type MakeWay = (open: OpenPermit, door: Way['door']) => Promise<Way>;

const ARGS = { city: 'Graz', nested: { list: [1, 'ü'] } };
let http: RunningPeer;
let folder: string;
const size = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const modelWay: MakeWay = async (open) => {
  const peer = await rawPeer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}'));
  const provider = openAiProvider({ open, env: {} });
  return {
    door: 'model',
    target: 'model_one',
    args: ARGS,
    send: (permit, args) => provider.complete(permit, modelCall(`http://127.0.0.1:${peer.port}/v1`, args), limits()),
    reached: () => peer.bytes(),
    close: () => peer.close(),
  };
};

const functionWay =
  (through: 'transport' | 'gateway'): MakeWay =>
  async (open, door) => {
    let calls = 0;
    const direct = functionTransport({ open, functions: { one: () => ++calls } });
    const tools = through === 'transport' ? direct : gatewayOver(open, direct);
    const endpoint = { type: 'function', function: 'one' } as const;
    return {
      door,
      target: 'tool_one',
      args: ARGS,
      send: (permit, args) =>
        tools.invoke(permit, toolCall(endpoint, args, { door: door as 'tool' | 'data' }), limits()),
      reached: () => calls,
      close: () => tools.close(),
    };
  };

const httpWay: MakeWay = async (open, door) => {
  const peer = await rawPeer((socket) =>
    socket.end('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}'),
  );
  const origin = `http://127.0.0.1:${peer.port}`;
  const guard = new EgressGuard({ rules: readEgressRules(`${origin};private`) });
  const transport = httpTransport({ open, env: {}, guard });
  const service = { name: 'peer', origin, headers: {}, headersEnv: {}, redirects: { max: 0, origins: [] } };
  const request = { method: 'POST', path: '/cities/{city}', query: {}, headers: {}, body: { $from: '' } } as const;
  const endpoint = { type: 'http', service, request: { ...request, keyHeader: null, attemptHeader: null } } as const;
  return {
    door,
    target: 'tool_one',
    args: ARGS,
    send: (permit, args) =>
      transport.invoke(permit, toolCall(endpoint, args, { door: door as 'tool' | 'data' }), limits()),
    reached: () => peer.bytes(),
    close: () => peer.close(),
  };
};

/** Makes the connection stand: a process slow to start spends a permit or two. */
async function warmUp(way: Way): Promise<void> {
  for (;;) {
    const outcome = await way.send(warmer.permit({ ...way }), way.args);
    if (outcome.kind === 'failed' && outcome.failure.code === 'permit_expired') continue;
    expect(outcome).toMatchObject({ kind: 'ok' });
    return;
  }
}

/** `warm`: a connection already stands, so only the call itself is left to be sent. */
const mcpWay =
  (over: 'stdio' | 'http', warm: boolean): MakeWay =>
  async (open, door) => {
    const log = join(mkdtempSync(join(folder, 'way-')), 'stdin');
    const relay: (RawPeer & { url: string }) | null = over === 'http' ? await countingRelay(http.server.url) : null;
    const server = relay ? { ...http.server, url: relay.url } : stdioPeer(['--log', log]);
    const transport = mcpTransport({ open, env: process.env });
    const endpoint = { type: 'mcp', server, tool: 'echo' } as const;
    const way: Way = {
      door,
      target: 'tool_one',
      args: ARGS,
      send: (permit, args) =>
        transport.invoke(permit, toolCall(endpoint, args, { door: door as 'tool' | 'data' }), limits()),
      reached: () => (relay ? relay.bytes() : size(log)),
      close: async () => {
        await transport.close();
        await relay?.close();
      },
    };
    if (warm) await warmUp(way);
    return way;
  };

const listWay =
  (over: 'stdio' | 'http', warm: boolean): MakeWay =>
  async (open) => {
    const log = join(mkdtempSync(join(folder, 'list-')), 'stdin');
    const relay = over === 'http' ? await countingRelay(http.server.url) : null;
    const server = relay ? { ...http.server, url: relay.url } : stdioPeer(['--log', log]);
    const transport = mcpTransport({ open, env: process.env });
    const way: Way = {
      door: 'data',
      target: 'peer',
      args: { server: 'peer' },
      send: (permit, args) => transport.listTools(permit, { target: 'peer', server, args }, limits()),
      reached: () => (relay ? relay.bytes() : size(log)),
      close: async () => {
        await transport.close();
        await relay?.close();
      },
    };
    if (warm) await warmUp(way);
    return way;
  };

/** Every method of the registry, with the peers it is tried against. */
const WAYS: {
  readonly [P in keyof typeof DOORS]: { readonly [M in keyof (typeof DOORS)[P]]: Record<string, MakeWay> };
} = {
  OpenAiProvider: { complete: { 'an endpoint': modelWay } },
  FunctionTransport: { invoke: { 'a function': functionWay('transport') } },
  ToolGateway: { invoke: { 'a function': functionWay('gateway') } },
  HttpTransport: { invoke: { 'a service': httpWay } },
  McpTransport: {
    invoke: {
      'a process not started': mcpWay('stdio', false),
      'a running process': mcpWay('stdio', true),
      'a server not connected': mcpWay('http', false),
      'a connected server': mcpWay('http', true),
    },
    listTools: {
      'a process not started': listWay('stdio', false),
      'a running process': listWay('stdio', true),
      'a server not connected': listWay('http', false),
      'a connected server': listWay('http', true),
    },
  },
};

/** Opens permits of either office, so that a way can be warmed up by one and tried by the other. */
let warmer: TestOffice;

const TRIES: Record<
  string,
  { readonly code: string; make(office: TestOffice, good: Wanted, way: Way): Promise<Permit> }
> = {
  'a forged permit': { code: 'permit_forged', make: async () => Object.freeze(Object.create(null)) as Permit },
  'a copy of a permit': {
    code: 'permit_forged',
    make: async (office, good) => structuredClone({ ...office.permit(good) }) as Permit,
  },
  "another office's permit": {
    code: 'permit_forged',
    make: async (_office, good) => (await openOffice()).permit(good),
  },
  'a consumed permit': {
    code: 'permit_consumed',
    make: async (office, good) => {
      const permit = office.permit(good);
      expect(office.open(permit, { ...good, presented: good.args }).ok).toBe(true);
      return permit;
    },
  },
  'an expired permit': {
    code: 'permit_expired',
    make: async (office, good) => {
      const permit = office.permit(good);
      office.clock.advance(2_001);
      return permit;
    },
  },
  'a permit under a stop': {
    code: 'permit_stopped',
    make: async (office, good) => {
      const permit = office.permit(good);
      office.stop();
      return permit;
    },
  },
  'a permit for other arguments': {
    code: 'permit_argument_mismatch',
    make: async (office, good) => office.permit({ ...good, args: { ...good.args, city: 'Linz' } }),
  },
  'a permit for another target': {
    code: 'permit_wrong_door',
    make: async (office, good) => office.permit({ ...good, target: 'another_one' }),
  },
  'a permit for another door': {
    code: 'permit_wrong_door',
    make: async (office, good) => office.permit({ ...good, door: good.door === 'model' ? 'data' : 'model' }),
  },
};

const CASES = Object.entries(DOORS).flatMap(([part, methods]) =>
  Object.entries(methods).flatMap(([method, doors]) =>
    doors.flatMap((door: Door) =>
      Object.entries((WAYS as Record<string, Record<string, Record<string, MakeWay>>>)[part]![method]!).map(
        ([peer, make]) => ({ part, method, door: door as Way['door'], peer, make }),
      ),
    ),
  ),
);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-doors-'));
  http = await startHttpPeer();
});
afterAll(async () => {
  await http.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(CASES)('$part → $method, door $door, to $peer', ({ door, make }) => {
  it('[I1] refuses every permit but its own, and not a byte reaches the peer', async () => {
    for (const [what, { code, make: makePermit }] of Object.entries(TRIES)) {
      const office = await openOffice();
      warmer = await openOffice();
      const either: OpenPermit = (permit, use) => {
        const first = office.open(permit, use);
        return !first.ok && first.failure.code === 'permit_forged' && warming ? warmer.open(permit, use) : first;
      };
      let warming = true;
      const way = await make(either, door);
      warming = false;
      try {
        const good: Wanted = { door: way.door, target: way.target, args: way.args };
        const permit = await makePermit(office, good, way);
        const before = way.reached();
        const outcome = await way.send(permit, way.args);
        expect({ what, outcome }).toMatchObject({
          what,
          outcome: { kind: 'failed', landed: 'no', failure: { code, class: 'policy' } },
        });
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect({ what, reached: way.reached() }).toEqual({ what, reached: before });
      } finally {
        await way.close();
      }
    }
  });

  it('[I1] lets one permit send once', async () => {
    const office = await openOffice();
    warmer = office;
    const way = await make(office.open, door);
    try {
      const permit = office.permit({ door: way.door, target: way.target, args: way.args });
      const before = way.reached();
      await way.send(permit, way.args);
      const after = way.reached();
      expect(after).toBeGreaterThan(before);
      const again = await way.send(permit, way.args);
      expect(again).toMatchObject({ kind: 'failed', landed: 'no', failure: { code: 'permit_consumed' } });
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(way.reached()).toBe(after);
    } finally {
      await way.close();
    }
  });
});

it('a peer that was never reached left no trace of its process', async () => {
  const office = await openOffice();
  const log = join(mkdtempSync(join(folder, 'none-')), 'stdin');
  const transport = mcpTransport({ open: office.open, env: process.env });
  const endpoint = { type: 'mcp', server: stdioPeer(['--log', log]), tool: 'echo' } as const;
  await transport.invoke(Object.freeze(Object.create(null)) as Permit, toolCall(endpoint), limits());
  await transport.close();
  expect(() => readFileSync(log)).toThrow();
});
