import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { request } from 'node:http';
import { hashOf, mintKey } from '@writ/identity';
import { createControlPlane } from '../../apps/control-plane/src';
import { type Desk, openDesk } from '../scenarios/desk';
import { openSequencer, logHome } from '../support/log-world';

/** Scopes and roles of a key of the desk's tenant. */
interface KeyOf {
  readonly principal?: string;
  readonly expiresInMs?: number;
}

/** A desk whose runs are really led, its log really sealed, and the API in front of it. */
export interface LiveWorld {
  readonly desk: Desk;
  readonly url: string;
  readonly app: NestFastifyApplication;
  key(of?: KeyOf): Promise<{ readonly id: string; readonly token: string }>;
  close(): Promise<void>;
}

export async function openLiveWorld(
  more: { readonly perKey?: number; readonly rules?: string; readonly sealing?: boolean } = {},
): Promise<LiveWorld> {
  const desk = await openDesk();
  const { db, engine, tenant, ownerUrl, outsider } = desk.scenario;
  const home = logHome();
  const sealing = more.sealing === false ? null : await openSequencer(ownerUrl, home);
  const { authority, commands, queries, approvals, questions, live, triggers, batches } = engine;
  const app = await createControlPlane({
    database: db,
    authority,
    commands,
    queries,
    approvals,
    questions,
    live,
    triggers,
    batches,
    version: 'test',
    streamLimits: { perKey: more.perKey ?? 64, inAll: 4_096 },
  });
  await app.listen(0, '127.0.0.1');
  return {
    desk,
    url: (await app.getUrl()).replace('[::1]', '127.0.0.1'),
    app,
    async key(of = {}) {
      const { id, token } = mintKey();
      await outsider.query(
        `insert into writ.api_key (tenant, id, hash, label, principal, kind, roles, scopes, created_by, created_at, expires_at)
         values ($1, $2, $3, 'test', $4, 'user', '{}', '{*}', 'test', to_timestamp(0), to_timestamp($5::float8 / 1000))`,
        [tenant, id, hashOf(token), of.principal ?? 'user:boss', Date.now() + (of.expiresInMs ?? 3_600_000)],
      );
      return { id, token };
    },
    async close() {
      await app.close();
      await sealing?.close();
      await desk.close();
      home.remove();
    },
  };
}

export interface RawEvent {
  readonly id: number | null;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** What one connection brought until it was cut, by our side or the other. */
export interface Connection {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly events: readonly RawEvent[];
}

type Asked = {
  readonly token?: string;
  readonly headers?: Record<string, string>;
  readonly lastEventId?: number | null;
};
interface Cut {
  readonly afterMs?: number;
  readonly until?: (events: readonly RawEvent[]) => boolean;
  readonly readSlowly?: boolean;
}

/** One connection to a stream over a socket of its own, destroyed by `cut` or when `until` says so. Shares no code with the SDK. */
export const connect = (url: string, asked: Asked, cut: Cut = {}): Promise<Connection> =>
  following(url, asked, cut).ended;

/** The same, and when its answer begins: whoever is answered is let in, and misses nothing that happens from then on. */
export function following(
  url: string,
  asked: Asked,
  cut: Cut = {},
): { readonly opened: Promise<void>; readonly ended: Promise<Connection> } {
  const opened = Promise.withResolvers<void>();
  const ended = new Promise<Connection>((resolve, reject) => {
    const headers: Record<string, string> = { accept: 'text/event-stream', ...asked.headers };
    if (asked.token !== undefined) headers['authorization'] = `Bearer ${asked.token}`;
    if (asked.lastEventId !== undefined && asked.lastEventId !== null)
      headers['last-event-id'] = String(asked.lastEventId);
    const outgoing = request(url, { headers, agent: false }, (response) => {
      opened.resolve();
      let text = '';
      let parsed = 0;
      const events: RawEvent[] = [];
      const parse = (): void => {
        const whole = text.lastIndexOf('\n\n') + 2;
        if (whole <= Math.max(parsed, 1)) return;
        events.push(...wholeEvents(text.slice(parsed, whole)));
        parsed = whole;
      };
      const end = (): void => {
        clearTimeout(timer);
        outgoing.destroy();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, events });
      };
      const timer = cut.afterMs === undefined ? undefined : setTimeout(end, cut.afterMs);
      response.setEncoding('utf8');
      if (cut.readSlowly) response.pause();
      response.on('data', (chunk: string) => {
        text += chunk;
        parse();
        if (cut.until?.(events)) end();
      });
      response.on('close', end);
      response.on('error', end);
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET') reject(error);
    });
    outgoing.end();
  });
  return { opened: opened.promise, ended };
}

/** The events of blocks that arrived whole. */
function wholeEvents(blocks: string): RawEvent[] {
  return blocks.split('\n\n').flatMap((block) => {
    const field = (name: string): string | undefined =>
      block
        .split('\n')
        .find((line) => line.startsWith(`${name}: `))
        ?.slice(name.length + 2);
    const [id, event, data] = [field('id'), field('event'), field('data')];
    if (event === undefined || data === undefined) return [];
    return [{ id: id === undefined ? null : Number(id), event, data: JSON.parse(data) as Record<string, unknown> }];
  });
}
