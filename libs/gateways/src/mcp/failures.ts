import { ProtocolError, ProtocolErrorCode, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client';
import { redactText } from '@writ/telemetry';
import type { Cut } from '../deadline';
import { failed, type Failed, lostClass, refusedBy } from '../outcome';
import { tooLarge } from '../tools/content';
import { NotConnected } from './connection';
import { WireBroken } from './http-pipe';
import { PermitRefused, type Ticket } from './ticket';

/** JSON-RPC errors that a server answers before it acts. */
const REFUSED_BEFORE: ReadonlySet<number> = new Set([
  ProtocolErrorCode.ParseError,
  ProtocolErrorCode.InvalidRequest,
  ProtocolErrorCode.MethodNotFound,
  ProtocolErrorCode.InvalidParams,
]);
const MAX_QUOTE = 500;

const quoted = (error: Error): string =>
  redactText(error.message)
    .replace(/\p{Cc}+/gu, ' ')
    .toWellFormed()
    .slice(0, MAX_QUOTE);

export interface Broken {
  readonly error: unknown;
  readonly ticket: Ticket;
  readonly cut: Cut | null;
  readonly server: string;
  readonly maxBytes: number;
}

/** What a rejected request means: which failure, and whether the server may have acted. */
export function failureOf(broken: Broken): Failed {
  const { error, ticket, server } = broken;
  if (error instanceof PermitRefused) return refusedBy(error.refusal);
  if (ticket.fault === 'too_large') return tooLarge(broken.maxBytes);
  const landed = ticket.sent ? 'maybe' : 'no';
  const lost = lostClass(ticket.request.call.effect, landed);
  if (broken.cut === 'cancelled') {
    return failed({ code: 'call_cancelled', class: 'cancelled', landed, message: 'the tool call was cancelled' });
  }
  if (broken.cut === 'timeout') {
    const message = ticket.sent ? 'the tool did not answer in time' : `the server ${server} was not reached in time`;
    return failed({ code: 'tool_timeout', class: lost, landed, message });
  }
  if (error instanceof NotConnected) return unreachable(error, server);
  if (error instanceof ProtocolError) return refusedByServer(error);
  if (error instanceof SdkHttpError) return httpFailure(error, broken);
  if (error instanceof SdkError && error.code === SdkErrorCode.UnsupportedResultType) {
    return failed({
      code: 'tool_input_required',
      class: 'permanent',
      landed: 'yes',
      message: 'the tool asks for more input from a person, which is not offered to tools',
    });
  }
  if (error instanceof SdkError && error.code === SdkErrorCode.InvalidResult) {
    const message = "the server's answer is no tool result";
    return failed({ code: 'tool_result_invalid', class: 'permanent', landed: 'yes', message });
  }
  const network = error instanceof WireBroken ? error.network : 'closed';
  return failed({
    code: 'mcp_connection_lost',
    class: lost,
    landed,
    message: `the connection to the MCP server ${server} was lost before the answer`,
    details: { server, network },
  });
}

function unreachable(error: NotConnected, server: string): Failed {
  return failed({
    code: 'mcp_unreachable',
    class: error.permanent ? 'permanent' : 'transient',
    landed: 'no',
    message: `no connection to the MCP server ${server} came about (${error.network})`,
    next: /^http_40[13]$/.test(error.network)
      ? 'check the variables that the server definition names in headers_env'
      : 'check the command or the address in the server definition, and that the server starts',
    details: { server, network: error.network },
  });
}

function refusedByServer(error: ProtocolError): Failed {
  const before = REFUSED_BEFORE.has(error.code);
  return failed({
    code: before ? 'tool_call_rejected' : 'tool_reported_error',
    class: 'permanent',
    landed: before ? 'no' : 'yes',
    message: `the server answered with an error: ${quoted(error)}`,
    details: { rpc_code: error.code },
  });
}

function httpFailure(error: SdkHttpError, { server, ticket }: Broken): Failed {
  const status = error.status ?? 0;
  const details = { server, status };
  if (status === 401 || status === 403) {
    return failed({
      code: 'mcp_unauthorized',
      class: 'permanent',
      landed: 'no',
      message: `the MCP server ${server} refused the credentials (${status})`,
      next: 'check the variables that the server definition names in headers_env',
      details,
    });
  }
  // 404: the session is gone and the call was not looked at. 429: refused before any work.
  if (status === 404 || status === 429) {
    const message = `the MCP server ${server} did not take the call (${status})`;
    return failed({ code: 'mcp_unavailable', class: 'transient', landed: 'no', message, details });
  }
  if (status < 500) {
    const message = `the MCP server ${server} refused the request (${status})`;
    return failed({ code: 'tool_call_rejected', class: 'permanent', landed: 'no', message, details });
  }
  const landed = ticket.sent ? 'maybe' : 'no';
  const message = `the MCP server ${server} answered ${status}`;
  return failed({
    code: 'mcp_unavailable',
    class: lostClass(ticket.request.call.effect, landed),
    landed,
    message,
    details,
  });
}
