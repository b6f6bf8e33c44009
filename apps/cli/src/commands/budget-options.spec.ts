import { Given } from '../command';
import { budgetOf, budgetOptions, OF_A_BATCH, OF_A_RUN } from './budget-options';

const given = (options: { readonly [name: string]: string }): Given => new Given([], options);

describe('budgets on the command line', () => {
  it('are sent for every dimension that was given an option, and for no other', () => {
    const all = { modelCalls: '1', toolCalls: '2', tokens: '3', costMicros: '4', handoffs: '5', depth: '6' };
    const sent = { model_calls: 1, tool_calls: 2, tokens: 3, cost_micros: 4, handoffs: 5, depth: 6 };
    expect(budgetOf(OF_A_RUN, given(all))).toEqual({ budget: sent });
    const { depth: _own, ...shared } = sent;
    expect(budgetOf(OF_A_BATCH, given(all))).toEqual({ budget: shared });
    expect(budgetOf(OF_A_RUN, given({ depth: '0' }))).toEqual({ budget: { depth: 0 } });
    expect(budgetOf(OF_A_RUN, given({}))).toEqual({});
  });

  it.each(['-1', '1.5', '', ' ', '0x10', '1e3', 'many', '9007199254740992', '10000000000000000'])(
    'are whole numbers, and %j is none',
    (text) => {
      expect(() => budgetOf(OF_A_RUN, given({ costMicros: text }))).toThrow('--cost-micros is no such number.');
    },
  );

  it('have an option for everything that a run can be limited in', () => {
    expect(budgetOptions(OF_A_RUN, (what) => what).map(({ flags }) => flags)).toEqual(
      ['model-calls', 'tool-calls', 'tokens', 'cost-micros', 'handoffs', 'depth'].map((name) => `--${name} <count>`),
    );
  });
});
