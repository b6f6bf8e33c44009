import { percentile } from '../numbers';
import type { System, WindowResult } from '../protocol';
import { serve } from '../serve';
import { makeWorld, type Request, REQUESTS, type World } from './world';

/** Decisions timed together when one is far below the clock's resolution and cost. */
const GROUP = 16;

/**
 * Serves a policy engine as a measured system. `concurrency` of the set-up is the number of rules. Every answer of the
 * first pass over the requests is checked against the expected one: a wrong engine is not measured.
 */
export function serveDecider(build: (world: World) => Promise<(request: Request) => boolean>): void {
  serve(async ({ concurrency }): Promise<System> => {
    const world = makeWorld(concurrency);
    const decide = await build(world);
    for (const request of world.requests.slice(0, 512)) {
      if (decide(request) !== request.allowed) throw new Error(`a wrong answer to ${JSON.stringify(request)}`);
    }
    return {
      op: () => Promise.reject(new Error('a policy engine is timed in windows')),
      window: (ms) => window(decide, world.requests, ms),
      close: () => Promise.resolve(),
    };
  });
}

function window(decide: (request: Request) => boolean, requests: readonly Request[], ms: number): WindowResult {
  const one = performance.now();
  for (let i = 0; i < 64; i++) decide(requests[i]!);
  const group = (performance.now() - one) / 64 < 0.02 ? GROUP : 1;
  const latencies: number[] = [];
  const cpu = process.cpuUsage();
  const started = performance.now();
  let next = 0;
  while (performance.now() - started < ms) {
    const at = performance.now();
    for (let i = 0; i < group; i++) decide(requests[next++ % REQUESTS]!);
    latencies.push((performance.now() - at) / group);
  }
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  return {
    runs: next,
    perSecond: next / seconds,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    cpuMsPerRun: (user + system) / 1000 / next,
    peakRss: process.resourceUsage().maxRSS * 1024,
    failed: 0,
  };
}
