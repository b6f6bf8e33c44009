import { newEnforcer, newModelFromString, StringAdapter } from 'casbin';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imported } from '../../../../test/policy/imported';
import { describeWithData } from '../../../../test/support/with-data';
import { importCasbin } from './import-casbin';

interface Examples {
  readonly cases: readonly {
    readonly source: string;
    readonly model: string;
    readonly policy: string | null;
    readonly requests: readonly { readonly args: readonly string[]; readonly expect: boolean }[];
  }[];
  readonly files: { readonly [path: string]: string };
}

/** What the model calls the columns of a request → what this request has there. */
function columnsOf(model: string, args: readonly string[]): { readonly [column: string]: string | undefined } {
  const [, names = ''] = /^r\s*=\s*([^;#\n]*)/m.exec(model)!;
  return Object.fromEntries(names.split(',').map((name, i) => [name.trim(), args[i]] as const));
}

describeWithData('the example models of Casbin, with the answers its own tests expect', 'casbin', (folder) => {
  const { cases, files } = JSON.parse(readFileSync(join(folder, 'casbin-examples.json'), 'utf8')) as Examples;
  const textsOf = (one: Examples['cases'][number]) => ({
    model: files[one.model]!,
    policy: one.policy === null ? '\n' : files[one.policy]!,
  });

  it.each(cases.map((one) => [one.source, one] as const))(
    '%s is carried over exactly and answers so',
    async (_, one) => {
      const texts = textsOf(one);
      // What the application may ask about is for it to say: a policy need not name all of it.
      const actions = one.requests.flatMap(({ args }) => columnsOf(texts.model, args)['act'] ?? []);
      const source = { ...texts, actions };
      for (const { args, expect: expected } of one.requests) {
        const { sub = 'anybody', dom, obj = 'anything', act = 'access' } = columnsOf(source.model, args);
        const found = await importCasbin({ ...source, ...(dom === undefined ? {} : { domain: dom }) });
        if (!found.ok) throw new Error(found.failure.message);
        expect(found.value.notes.filter(({ kind }) => kind === 'left_out' || kind === 'stricter')).toEqual([]);
        const ask = await imported(found.value.bundle);
        expect([args, ask({ subject: sub, resource: obj, action: act })]).toEqual([args, expected]);
      }
    },
  );

  it('are 174 expectations, of which stock Casbin for Node meets 172: its globs do not let a star stand for nothing', async () => {
    let asked = 0;
    const different: unknown[] = [];
    for (const one of cases) {
      const { model, policy } = textsOf(one);
      const enforcer = await newEnforcer(newModelFromString(model), new StringAdapter(policy));
      for (const { args, expect: expected } of one.requests) {
        asked += 1;
        if ((await enforcer.enforce(...args)) !== expected) different.push(args);
      }
    }
    expect(asked).toBe(174);
    // Both patterns end in `/*`. In Go, where these expectations come from, the star may be empty; so it may here.
    expect(different).toEqual([
      ['u1', '/foo/', 'read'],
      ['u3', '/prefix/foo/', 'read'],
    ]);
  });
});
