import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { NOT_BUILT } from './not-built';

/**
 * What the pages may do: run the scripts and styles this server sends and call this server, nothing else. The console
 * makes no style element, and sets single properties by script, which no policy has to allow.
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Paths that belong to programs: what no operation answers there is a problem, never a page. */
const FOR_PROGRAMS =
  /^\/(v1|access|a2a|mcp|gateway|scim|docs|problems|\.well-known|health|ready|metrics|openapi\.json)(\/|$)/;

/** A file of the build: its folder is flat, so a name with a separator is nobody's. */
const ASSET = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$/;

/** Beside this program's code, whether that runs from `dist` or from its sources. */
function builtConsole(): string {
  const places = [join(__dirname, '../../../../console'), join(__dirname, '../../../../dist/console')];
  return places.find((place) => existsSync(join(place, 'index.html'))) ?? places[0]!;
}

/**
 * Serves the built console: its hashed files under /assets for a year, and its one page at every address that belongs to
 * no program and is asked for as HTML, so that a copied address opens as it was.
 */
export async function serveConsole(server: FastifyInstance, folder = builtConsole()): Promise<void> {
  const assets = join(folder, 'assets');
  await server.register(fastifyStatic, {
    root: folder,
    prefix: '/assets/',
    serve: false,
    preCompressed: true,
    cacheControl: false,
  });
  server.get('/assets/*', (request: FastifyRequest, reply: FastifyReply) => {
    const name = (request.params as { readonly '*': string })['*'];
    if (!ASSET.test(name) || !existsSync(join(assets, name))) return reply.callNotFound();
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    return reply.sendFile(name, assets);
  });
  server.get('/*', (request: FastifyRequest, reply: FastifyReply) => {
    const pathname = request.url.split('?', 1)[0] ?? '';
    if (FOR_PROGRAMS.test(pathname) || !isPage(request)) return reply.callNotFound();
    reply.header('content-security-policy', PAGE_POLICY).header('cache-control', 'no-cache');
    if (!existsSync(join(folder, 'index.html'))) {
      return reply.code(503).type('text/html; charset=utf-8').send(NOT_BUILT);
    }
    return reply.sendFile('index.html', folder);
  });
}

/** Browsers ask for pages by naming HTML; programs that accept anything get the answer programs get. */
const isPage = ({ headers }: FastifyRequest): boolean => headers.accept?.includes('text/html') === true;
