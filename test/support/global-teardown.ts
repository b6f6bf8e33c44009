export default async function teardown(): Promise<void> { await (globalThis as { __pg?: { stop(): Promise<void> } }).__pg?.stop(); }
