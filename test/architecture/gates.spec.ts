import { gateFaults } from './gate-rules';
import { unit } from './tree';

const perform = (body: string): string => `
import type { ModelProvider } from '@writ/gateways';
export async function perform(office: PermitOffice, provider: ModelProvider) {
  ${body}
}`;

describe('the gate check', () => {
  const at = (path: string, text: string): string[] => gateFaults([unit(path, text)]);

  it('accepts a permit minted and handed over in the same function', () => {
    const text = perform('const permit = office.mint(request); return provider.complete(permit, call, limits);');
    expect(at('libs/engine/src/perform.ts', text)).toEqual([]);
    expect(at('libs/engine/src/perform-tool.ts', text)).toEqual([]);
  });

  it.each([
    ['the mint removed', 'return provider.complete(permit, call, limits);'],
    ['no permit at all', 'return provider.invoke(call);'],
    ['an empty object as a permit', 'const permit = {} as Permit; return provider.invoke(permit, call, limits);'],
    [
      'a permit that may be replaced',
      'let permit = office.mint(r); permit = kept; return provider.invoke(permit, c, l);',
    ],
  ])('finds %s', (_what, body) => {
    expect(at('libs/engine/src/perform.ts', perform(body)).length).toBeGreaterThan(0);
  });

  it.each([
    [
      'a gateway called from another file of the engine',
      'libs/engine/src/advance.ts',
      'provider.complete(permit, c, l);',
    ],
    ['a permit minted in another file', 'libs/engine/src/advance.ts', 'office.mint(request);'],
    ['a permit minted in an app', 'apps/worker/src/main.ts', 'office.mint(request);'],
    ['a commit proof made in the engine', 'libs/engine/src/advance.ts', 'Committed.afterCommit(unit, 0);'],
    ['a commit proof cast', 'libs/engine/src/perform.ts', 'const proof = {} as Committed;'],
    [
      'a gateway called from an app',
      'apps/worker/src/main.ts',
      `import { openAiProvider } from '@writ/gateways'; openAiProvider(x).complete(permit, c, l);`,
    ],
  ])('finds %s', (_what, path, text) => {
    expect(at(path, text)).toHaveLength(1);
  });
});
