import { parseBundle } from './bundle';
import { idleRules } from './idle-rules';

const bundle = parseBundle(`rules: |
  # as people write it
  p, agent:orders, {tenant}, tool:refund, tool.invoke, , allow, , good
  p, role:clerk, {tenant}, tool:refnud, tool.invoke, , allow, , misspelled
  p, role:clerk, {tenant}, tool:*, tool.invoke, , deny, , pattern
  p, role:clerk, {tenant}, data:order.owner, data.read, , allow, , data
  p2, agent:orders, agent:vault, {tenant}, *, attenuate, , allow, , passing
  g2, tool:ghost, class:c, {tenant}
`);

describe('rules about what nobody has published', () => {
  it('are named once each; patterns, and what is not published under a name, are not', () => {
    if (!bundle.ok) throw new Error(bundle.failure.message);
    expect(idleRules(bundle.value, new Set(['agent:orders', 'tool:refund']))).toEqual([
      'Rule misspelled names tool:refnud, which is not published.',
      'Rule passing names agent:vault, which is not published.',
      'Class class:c names tool:ghost, which is not published.',
    ]);
  });

  it('are controls of tiers as well', () => {
    const control = { actions: ['tool.invoke'], objects: ['tool:pay', 'tool:refnud', 'class:c'], oblige: ['ask'] };
    const tiered = parseBundle(JSON.stringify({ tiers: { high: { controls: { two: control } } } }));
    if (!tiered.ok) throw new Error(tiered.failure.message);
    expect(idleRules(tiered.value, new Set(['tool:pay']))).toEqual([
      'Control tier:high:two names tool:refnud, which is not published.',
    ]);
  });
});
