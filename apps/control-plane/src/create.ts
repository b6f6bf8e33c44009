import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { serveConsole } from './console/serve-console';
import { ControlPlaneModule, type ControlPlaneDeps } from './control-plane.module';
import { onRequest, preHandler } from './frame/hooks';
import { readJson } from './frame/json-body';
import { nestLog } from './frame/nest-log';
import { Refusal } from './frame/problem';
import { ProblemFilter, sendProblem } from './frame/problem.filter';
import { type HttpReply, type HttpRequest } from './frame/state';

/** Definitions of one tenant and a policy fit many times over; more in one request is a mistake. */
const BODY_LIMIT_BYTES = 4_194_304;

/**
 * The HTTP server over libraries that are already open, not yet listening: `main.ts` listens, `writ dev` listens beside
 * a worker, tests listen on a free port. Closing it ends requests, not the libraries, which belong to the caller.
 */
export async function createControlPlane(deps: ControlPlaneDeps): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    bodyLimit: deps.bodyLimit ?? BODY_LIMIT_BYTES,
    ...(deps.trustedProxies === undefined ? {} : { trustProxy: [...deps.trustedProxies] }),
    routerOptions: { maxParamLength: 256 },
    // The router itself refuses some URLs, before any hook has run.
    frameworkErrors: (error: Error, request: unknown, reply: unknown) => {
      const [asked, answer] = [request as HttpRequest, reply as HttpReply];
      onRequest(asked, answer, () => {
        sendProblem(new Refusal('invalid_request', error.message), asked, answer);
      });
    },
  });
  const server = adapter.getInstance();
  server.removeContentTypeParser('text/plain');
  readJson(server as never);
  server.addHook('onRequest', (request, reply, done) =>
    onRequest(request as unknown as HttpRequest, reply as unknown as HttpReply, done),
  );
  server.addHook('preHandler', (request, reply, done) =>
    preHandler(request as unknown as HttpRequest, reply as unknown as HttpReply, done),
  );
  await serveConsole(server as never, deps.console);
  // Fastify reads JSON itself; Nest's own parsers would also take forms, which no operation of the contract does.
  const app = await NestFactory.create<NestFastifyApplication>(ControlPlaneModule.over(deps), adapter, {
    logger: nestLog,
    bodyParser: false,
    return503OnClosing: true,
    forceCloseConnections: false,
  });
  app.useGlobalFilters(new ProblemFilter(deps.bodyLimit ?? BODY_LIMIT_BYTES));
  await app.init();
  await server.ready();
  return app;
}
