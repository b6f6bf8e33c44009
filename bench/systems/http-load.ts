import { Agent, request } from 'node:http';

/** One POST of JSON over a kept connection; throws when the answer is not the expected one. */
export function poster(to: { readonly url: string; readonly path: string; readonly headers: Record<string, string> }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const target = new URL(to.path, to.url);
  return {
    post: (body: object, expected: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const text = JSON.stringify(body);
        const headers = {
          ...to.headers,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        };
        const sent = request(target, { method: 'POST', agent, headers }, (answer) => {
          let said = '';
          answer.on('data', (chunk: Buffer) => (said += chunk.toString()));
          answer.on('end', () => {
            if (answer.statusCode === expected) resolve();
            else reject(new Error(`answered ${answer.statusCode}: ${said.slice(0, 300)}`));
          });
        });
        sent.on('error', reject);
        sent.end(text);
      }),
    close: () => agent.destroy(),
  };
}
