import type { ItemOf, ListOperation, OperationId, ResponseOf } from '@writ/contract';
import { PLACES } from './places';
import { type CallOptions, type ClientOptions, Transport } from './transport';

type Query = { readonly [name: string]: string | number | boolean | undefined };

/** A list that is both: `for await` walks every item, `page()` gives one page and where it goes on. */
export interface List<O extends ListOperation> extends AsyncIterable<ItemOf<O>> {
  page(cursor?: string): Promise<ResponseOf<O>>;
}

interface Request {
  readonly params?: { readonly [name: string]: string };
  readonly query?: Query;
  readonly body?: unknown;
}

/** Makes calls of operations by their name: path, query and body, and lists page by page. */
export class Caller {
  protected readonly transport: Transport;

  constructor(options: ClientOptions) {
    this.transport = new Transport(options);
  }

  protected async call<O extends OperationId>(
    operation: O,
    request: Request,
    call?: CallOptions,
  ): Promise<ResponseOf<O>> {
    const response = await this.send(operation, request, call);
    return (await response.json()) as ResponseOf<O>;
  }

  protected send(operation: OperationId, request: Request, call?: CallOptions): Promise<Response> {
    const [method] = PLACES[operation];
    return this.transport.send({ method, target: this.target(operation, request), body: request.body }, call);
  }

  /** Path and query of a request. */
  protected target(operation: OperationId, request: Request): string {
    const [, template] = PLACES[operation];
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(request.params?.[name] ?? ''));
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(request.query ?? {})) {
      if (value !== undefined) query.set(name, String(value));
    }
    return query.size > 0 ? `${path}?${query.toString()}` : path;
  }

  protected list<O extends ListOperation>(operation: O, request: Request, call?: CallOptions): List<O> {
    const page = (cursor?: string): Promise<ResponseOf<O>> => {
      const query = { ...request.query, ...(cursor === undefined ? {} : { cursor }) };
      return this.call(operation, { ...request, query }, call);
    };
    return {
      page,
      async *[Symbol.asyncIterator]() {
        for (let cursor: string | undefined; ;) {
          const answer: { readonly data: readonly ItemOf<O>[]; readonly next_cursor: string | null } = asPage(
            await page(cursor),
          );
          yield* answer.data;
          if (answer.next_cursor === null) return;
          cursor = answer.next_cursor;
        }
      },
    };
  }
}

/** What every list operation answers with; the compiler cannot see it through the union of all of them. */
const asPage = <O extends ListOperation>(
  answer: ResponseOf<O>,
): { readonly data: readonly ItemOf<O>[]; readonly next_cursor: string | null } =>
  answer as unknown as { readonly data: readonly ItemOf<O>[]; readonly next_cursor: string | null };
