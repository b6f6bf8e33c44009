import { parseRules } from './rule-text';

function read(text: string) {
  const work = parseRules(text);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

const good = 'p, role:a, {tenant}, tool:x, tool.invoke, , allow';

describe('a rule file', () => {
  it.each<[string, string]>([
    ['unknown_section', 'q, role:a, {tenant}, tool:x, tool.invoke, , allow'],
    ['unknown_section', 'constructor, a, b, c'],
    ['malformed_rule', 'p, role:a, {tenant}, tool:x, tool.invoke'],
    ['malformed_rule', 'p, role:a, {tenant}, tool:x, tool.invoke, , allow, , r1, extra'],
    ['malformed_rule', 'g, user:a, role:b'],
    ['malformed_rule', 'p, "role:a", {tenant}, tool:x, tool.invoke, , allow'],
    ['malformed_rule', 'p, role:a, {tenant}, tool:x, tool.invoke, , deny, approval'],
    // Stock Casbin takes the first of these for "no opinion" and the second for allow.
    ['unknown_effect', 'p, role:a, {tenant}, tool:x, tool.invoke, , Deny'],
    ['unknown_effect', 'p, role:a, {tenant}, tool:x, tool.invoke, ,'],
    ['unknown_effect', 'p, role:a, {tenant}, tool:x, tool.invoke, , allow!'],
    ['unknown_subject', 'p, clerk, {tenant}, tool:x, tool.invoke, , allow'],
    ['unknown_subject', 'p, usr:ann, {tenant}, tool:x, tool.invoke, , deny'],
    ['unknown_subject', 'p, u*, {tenant}, tool:x, tool.invoke, , deny'],
    ['unknown_subject', 'p2, triage, agent:b, {tenant}, *, attenuate, , allow'],
    ['unknown_subject', 'g, ann, role:b, {tenant}'],
    ['unknown_action', 'p, role:a, {tenant}, tool:x, tool.invok, , allow'],
    ['unknown_action', 'p, role:a, {tenant}, tool:x, tool*, , allow'],
    ['unknown_object_type', 'p, role:a, {tenant}, gadget:x, tool.invoke, , allow'],
    ['unknown_object_type', 'p, role:a, {tenant}, x*, tool.invoke, , allow'],
    ['unknown_object_type', 'g2, gadget:x, class:c, {tenant}'],
    ['foreign_tenant', 'p, role:a, ten_1, tool:x, tool.invoke, , allow'],
    ['foreign_tenant', 'g, user:a, role:b, *'],
    ['bad_name', 'p, , {tenant}, tool:x, tool.invoke, , allow'],
    ['bad_name', 'p, role:a, {tenant}, tool:x, tool.invoke, , allow, , ?r1'],
    ['bad_name', 'p, role:a b, {tenant}, tool:x, tool.invoke, , allow'],
    ['bad_name', 'p, role:a\u0007, {tenant}, tool:x, tool.invoke, , allow'],
    ['bad_name', 'p, role:a\u202e, {tenant}, tool:x, tool.invoke, , allow'],
    ['bad_name', 'p, role:*, {tenant}, tool:x, tool.invoke, , allow'],
    ['bad_name', 'p, role:a, {tenant}, tool:*x, tool.invoke, , allow'],
    ['bad_name', 'p, role:a, {tenant}, class:c*, tool.invoke, , allow'],
    ['bad_name', 'g, user:*, role:b, {tenant}'],
    ['bad_name', 'g, user:a, user:b, {tenant}'],
    ['bad_name', 'g2, tool:x, role:b, {tenant}'],
    ['unknown_mode', 'p2, agent:a, agent:b, {tenant}, *, , , allow'],
    ['unknown_mode', 'p2, agent:a, agent:b, {tenant}, *, inherit, , allow'],
    ['bad_name', 'p2, agent:a*, agent:b, {tenant}, *, service, , allow'],
  ])('is refused as %s, with its line: %s', (code, line) => {
    const text = `# a comment\n${good}\n\n${line}\n`;
    expect(read(text)).toMatchObject({ ok: false, failure: { code, details: { place: 'line 4' } } });
  });

  it('without a rule is refused: a failed export is no wish to deny everything', () => {
    for (const text of ['', '# nothing', 'g, user:a, role:b, {tenant}']) {
      expect(read(text)).toMatchObject({ ok: false, failure: { code: 'empty_bundle' } });
    }
  });

  it('counts lines from the start of the file they are in', () => {
    const merged = `#@ a.csv\n${good}\n#@ b.csv\n# note\np, x`;
    expect(read(merged)).toMatchObject({ ok: false, failure: { details: { place: 'b.csv:2' } } });
  });

  it('takes an id from what a rule says, wherever and however it is written', () => {
    const ids = (text: string): string[] => {
      const parsed = read(text);
      if (!parsed.ok) throw new Error(parsed.failure.message);
      return parsed.value.rules.map(({ rule }) => rule.rid).sort();
    };
    const other = 'p,role:b,{tenant},tool:x,tool.invoke,,allow';
    const [first] = ids(good);
    expect(first).toMatch(/^rul_[0-9a-f]{12}$/);
    expect(ids(`${other}\n# moved\n   ${good.replaceAll(', ', ',')}`)).toEqual(ids(`${good}\n${other}`));
    expect(ids(`${good}\n${good}`)).toEqual([first]);
    expect(ids(good.replace('allow', 'deny'))).not.toEqual([first]);
    expect(ids(`${good}, , r-1`)).toEqual(['r-1']);
  });

  it('gives one id to one rule only', () => {
    const text = `${good}, , r1\np, role:b, {tenant}, tool:x, tool.invoke, , allow, , r1`;
    expect(read(text)).toMatchObject({ ok: false, failure: { code: 'duplicate_rid', details: { place: 'line 2' } } });
  });
});
