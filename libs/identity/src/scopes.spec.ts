import fc from 'fast-check';
import { beyondHolder, scopesAllow } from './scopes';

const ACTIONS = ['run.start', 'run.read', 'policy.change', 'stop.set', 'key.manage'];
const scope = fc.oneof(fc.constantFrom(...ACTIONS), fc.constantFrom('run.*', 'policy.*', 'stop.*', '*'));
const scopes = fc.array(scope, { maxLength: 4 });
const roles = fc.uniqueArray(fc.constantFrom('admin', 'operator', 'auditor'));

describe('scopes', () => {
  it('cover themselves, their area, or everything, and nothing by prefix alone', () => {
    expect(scopesAllow(['run.read'], 'run.read')).toBe(true);
    expect(scopesAllow(['run.*'], 'run.read')).toBe(true);
    expect(scopesAllow(['*'], 'policy.change')).toBe(true);
    expect(scopesAllow(['run.*'], 'runner.read')).toBe(false);
    expect(scopesAllow(['run.read'], 'run.*')).toBe(false);
    expect(scopesAllow(['run.*'], '*')).toBe(false);
    expect(scopesAllow([], 'run.read')).toBe(false);
  });

  it('[I6] a grant within its giver allows no action that the giver could not do', () => {
    fc.assert(
      fc.property(scopes, scopes, roles, roles, (wanted, held, wantedRoles, heldRoles) => {
        const beyond = beyondHolder({ scopes: wanted, roles: wantedRoles }, { scopes: held, roles: heldRoles });
        if (beyond.scopes.length + beyond.roles.length > 0) return;
        for (const action of ACTIONS) {
          if (scopesAllow(wanted, action)) expect(scopesAllow(held, action)).toBe(true);
        }
        for (const role of wantedRoles) expect(heldRoles).toContain(role);
      }),
      { seed: 20261122, numRuns: 2000 },
    );
  });

  it('name what is missing, and only that', () => {
    expect(
      beyondHolder(
        { roles: ['admin', 'operator'], scopes: ['run.read', '*'] },
        { roles: ['operator'], scopes: ['run.*'] },
      ),
    ).toEqual({ roles: ['admin'], scopes: ['*'] });
  });
});
