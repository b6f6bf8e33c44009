import fc from 'fast-check';
import { snapshotOf } from '../../../../test/policy/parts';
import type { Snapshot } from '../snapshot';
import type { Obligation } from '../types';
import {
  barred,
  type EligibilityQuestion,
  ineligible,
  inPlaceOf,
  type Parties,
  proofOwed,
  type Voter,
} from './eligibility';
import { tally, type Vote } from './quorum';
import { type Requirement, termsOf } from './terms';

const PEOPLE = ['user:ann', 'user:bob', 'user:cleo', 'user:dan', 'user:eve', 'agent:orders', 'service:bot'] as const;
const ROLES = ['payments', 'security', 'heads'] as const;
const NOBODY: Parties = { requesters: [], chain: [], authors: [] };

const holding = (links: readonly (readonly [string, string])[]): Promise<Snapshot> =>
  snapshotOf(
    JSON.stringify({
      rules: [
        'p, user:x, {tenant}, tool:x, tool.invoke, , allow',
        ...links.map(([who, role]) => `g, ${who}, role:${role}, {tenant}`),
      ],
    }),
  );

const voter = (id: string, roles: readonly string[] = []): Voter => ({
  id,
  kind: id.startsWith('agent:') ? 'agent' : id.startsWith('service:') ? 'service' : 'user',
  roles,
});
const requirement = (part: Partial<Requirement> = {}): Requirement => ({
  obligation: 'ask',
  count: 1,
  roles: ['payments'],
  escalation: null,
  ...part,
});

const person = fc.constantFrom(...PEOPLE);
const votes = fc.array(
  fc.record({
    voter: fc.tuple(person, fc.subarray([...ROLES])).map(([id, roles]) => voter(id, roles)),
    verdict: fc.constantFrom('approve' as const, 'approve' as const, 'reject' as const),
  }),
  { maxLength: 12 },
);
const world: fc.Arbitrary<World> = fc.record({
  links: fc.array(fc.tuple(person, fc.constantFrom(...ROLES)), { maxLength: 10 }),
  requirements: fc.array(
    fc.record({
      obligation: fc.constantFrom('one', 'two'),
      count: fc.integer({ min: 1, max: 3 }),
      roles: fc.subarray([...ROLES]),
      escalation: fc.option(fc.record({ afterMs: fc.constant(100), roles: fc.constant(['heads']) })),
    }),
    { minLength: 1, maxLength: 2 },
  ),
  parties: fc.record({
    requesters: fc.subarray([...PEOPLE]),
    chain: fc.constantFrom<string[]>([], ['orders']),
    authors: fc.subarray([...PEOPLE]),
  }),
  openFor: fc.constantFrom(0, 99, 100, 1000),
  now: fc.constant(0),
});

interface World extends Omit<EligibilityQuestion, 'snapshot'> {
  readonly links: readonly (readonly [string, string])[];
}

const questionIn = async ({ links, ...rest }: World): Promise<EligibilityQuestion> => ({
  snapshot: await holding(links),
  ...rest,
});

describe('a quorum', () => {
  it('is granted only when every requirement has as many different people as it asks for, each of them eligible now', async () => {
    await fc.assert(
      fc.asyncProperty(world, votes, async (of, cast) => {
        const question = await questionIn(of);
        const { state, met } = tally(cast, question);
        for (const { by } of met) expect(new Set(by).size).toBe(by.length);
        const approving = new Set(cast.filter(({ verdict }) => verdict === 'approve').map(({ voter: { id } }) => id));
        for (const id of met.flatMap(({ by }) => by)) {
          expect(approving.has(id)).toBe(true);
          const own = cast.filter(({ voter: one }) => one.id === id);
          expect(own.some(({ voter: one }) => ineligible(one, question) === null)).toBe(true);
        }
        if (state === 'granted') expect(met.every(({ by, of: needed }) => by.length >= needed)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('is never granted over a rejection, whoever else agreed', async () => {
    await fc.assert(
      fc.asyncProperty(world, votes, person, async (of, cast, who) => {
        const question = await questionIn(of);
        const rejecting: Vote = { voter: voter(who), verdict: 'reject' };
        for (let at = 0; at <= cast.length; at++) {
          const { state } = tally([...cast.slice(0, at), rejecting, ...cast.slice(at)], question);
          expect(state).toBe('rejected');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('is no more granted after a role, or a person, is gone than it was before', async () => {
    await fc.assert(
      fc.asyncProperty(world, votes, async (of, cast) => {
        const before = tally(cast, await questionIn(of));
        const fewer = { ...of, links: of.links.slice(1) };
        const after = tally(cast, await questionIn(fewer));
        if (after.state === 'granted') expect(before.state).toBe('granted');
        const without = tally(cast.slice(1), await questionIn(of));
        if (without.state === 'granted' && cast[0]?.verdict !== 'reject') expect(before.state).toBe('granted');
      }),
      { numRuns: 100 },
    );
  });

  it('counts nobody who has a part in it, and no agent, whatever they hold', async () => {
    await fc.assert(
      fc.asyncProperty(world, votes, async (of, cast) => {
        const question = await questionIn(of);
        const { met } = tally(cast, question);
        const { requesters, authors } = question.parties;
        for (const id of met.flatMap(({ by }) => by)) {
          expect(id.startsWith('agent:')).toBe(false);
          expect(requesters).not.toContain(id);
          expect(authors).not.toContain(id);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is pending for ever where nothing is required: a defect is never a free pass', async () => {
    const question = { snapshot: await holding([]), requirements: [], parties: NOBODY, openFor: 0, now: 0 };
    expect(tally([{ voter: voter('user:ann'), verdict: 'approve' }], question).state).toBe('pending');
  });
});

describe('who may decide', () => {
  const question = async (part: Partial<EligibilityQuestion> = {}): Promise<EligibilityQuestion> => ({
    snapshot: await holding([
      ['user:bob', 'payments'],
      ['user:eve', 'heads'],
      ['role:heads', 'security'],
    ]),
    requirements: [requirement()],
    parties: { requesters: ['user:ann', 'service:shop'], chain: ['orders'], authors: ['user:dan'] },
    openFor: 0,
    now: 0,
    ...part,
  });

  it.each([
    ['user:bob', [], null],
    ['user:cleo', ['payments'], null],
    ['user:cleo', [], 'lacks_role'],
    ['user:ann', ['payments'], 'is_requester'],
    ['service:shop', ['payments'], 'is_requester'],
    ['user:dan', ['payments'], 'wrote_the_rule'],
    ['agent:orders', ['payments'], 'in_chain'],
    ['agent:other', ['payments'], 'not_a_person'],
    ['user:eve', [], 'lacks_role'],
  ])('%s with the roles %j: %s', async (id, roles, why) => {
    expect(ineligible(voter(id, roles), await question())).toBe(why);
  });

  it('takes a role that another role gives, as the policy does', async () => {
    const asked = await question({ requirements: [requirement({ roles: ['security'] })] });
    expect(ineligible(voter('user:eve'), asked)).toBeNull();
  });

  it('takes those it escalates to from that moment on, and not before', async () => {
    const requirements = [requirement({ escalation: { afterMs: 1_000, roles: ['heads'] } })];
    expect(ineligible(voter('user:eve'), await question({ requirements, openFor: 999 }))).toBe('lacks_role');
    expect(ineligible(voter('user:eve'), await question({ requirements, openFor: 1_000 }))).toBeNull();
  });

  it('takes everybody but the parties where no role is named', async () => {
    const asked = await question({ requirements: [requirement({ roles: [] })] });
    expect(ineligible(voter('user:zoe'), asked)).toBeNull();
    expect(barred(voter('user:ann'), asked.parties)).toBe('is_requester');
  });
});

describe('a proof of who somebody is', () => {
  const MINUTE = 60_000;
  const parties: Parties = { requesters: ['user:ann', 'service:shop'], chain: ['orders'], authors: ['user:dan'] };
  const self = requirement({ obligation: 'prove', roles: [], self: true, proofMs: MINUTE });
  const asked = async (requirements: readonly Requirement[], now = 0): Promise<EligibilityQuestion> => ({
    snapshot: await holding([['user:bob', 'payments']]),
    requirements,
    parties,
    openFor: 0,
    now,
  });
  const yes = (id: string, provenAt?: number): Vote => ({
    voter: voter(id),
    verdict: 'approve',
    ...(provenAt !== undefined && { provenAt }),
  });

  it('is asked of the one the act is for, who is nobody to decide about it otherwise', async () => {
    const both = await asked([requirement(), self]);
    expect(ineligible(voter('user:ann'), both)).toBeNull();
    expect(ineligible(voter('service:shop'), both)).toBe('is_requester');
    expect(ineligible(voter('agent:orders'), both)).toBe('in_chain');
    expect(ineligible(voter('user:bob'), await asked([self]))).toBe('not_the_initiator');
    const { met } = tally([yes('user:ann', 0)], both);
    expect(met).toMatchObject([{ by: [] }, { obligation: 'prove', by: ['user:ann'] }]);
    expect(tally([yes('user:ann', 0), yes('user:bob')], both).state).toBe('granted');
    expect(tally([yes('user:bob', 0), yes('service:shop', 0)], both).state).toBe('pending');
  });

  it('is given in nobody else’s place', async () => {
    const standing = { ...voter('user:eve'), standsFor: [voter('user:ann')] };
    expect(ineligible(standing, await asked([self]))).toBe('not_the_initiator');
    expect(tally([{ voter: standing, verdict: 'approve', provenAt: 0 }], await asked([self])).state).toBe('pending');
  });

  it('counts for as long as it may be old when the act is done, to the millisecond, and never without having been given', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 3 * MINUTE }),
        fc.option(fc.nat(2 * MINUTE)),
        async (now, provenAt) => {
          const approvers = await asked([requirement({ proofMs: MINUTE })], now);
          const { state } = tally([yes('user:bob', provenAt ?? undefined)], approvers);
          expect(state).toBe(provenAt !== null && now - provenAt <= MINUTE ? 'granted' : 'pending');
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is owed only by those whose yes would count where it is wanted', async () => {
    const question = await asked([requirement({ proofMs: MINUTE }), { ...self, proofMs: 10_000 }]);
    expect(proofOwed(voter('user:bob'), question)).toBe(MINUTE);
    expect(proofOwed(voter('user:ann'), question)).toBe(10_000);
    expect(proofOwed(voter('user:zoe'), question)).toBeNull();
    expect(proofOwed(voter('user:bob'), await asked([requirement(), self]))).toBeNull();
  });

  it('is asked of those who decide; where nobody else is asked, somebody is', () => {
    const stepUp = (who: string): Obligation => ({ id: who, type: 'step_up', values: { who, within_ms: MINUTE } });
    const approval: Obligation = {
      id: 'ask',
      type: 'require_approval',
      values: { roles: ['payments'], editable: true },
    };
    expect(termsOf([approval, stepUp('approvers')]).requirements).toMatchObject([
      { obligation: 'ask', proofMs: MINUTE },
    ]);
    expect(termsOf([stepUp('approvers')])).toMatchObject({
      requirements: [{ obligation: 'approvers', count: 1, roles: [], proofMs: MINUTE }],
      editable: false,
      expiresMs: 3_600_000,
    });
    expect(termsOf([approval, stepUp('initiator')]).requirements).toMatchObject([
      { obligation: 'ask' },
      { obligation: 'initiator', self: true },
    ]);
  });
});

describe('somebody who stands in for another', () => {
  const question = async (part: Partial<World> = {}): Promise<EligibilityQuestion> =>
    questionIn({
      links: [
        ['user:ann', 'payments'],
        ['user:bob', 'payments'],
      ],
      requirements: [requirement({ count: 2 })],
      parties: NOBODY,
      openFor: 0,
      now: 0,
      ...part,
    });
  const deputy = (id: string, ...away: readonly string[]): Voter => ({
    ...voter(id),
    standsFor: away.map((one) => voter(one)),
  });
  const by = (...voters: readonly Voter[]): readonly Vote[] =>
    voters.map((one) => ({ voter: one, verdict: 'approve' as const }));

  it('decides by the right of whoever is away, and by none that they do not have', async () => {
    const asked = await question();
    expect(ineligible(deputy('user:dan', 'user:ann'), asked)).toBeNull();
    expect(ineligible(deputy('user:dan', 'user:eve'), asked)).toBe('lacks_role');
    expect(inPlaceOf(deputy('user:dan', 'user:ann', 'user:eve'), asked)).toEqual(['user:ann']);
    expect(inPlaceOf(deputy('user:bob', 'user:ann'), asked)).toEqual([]);
  });

  it('counts once for each who is away: not beside them, and not beside another who stands in for them', async () => {
    const asked = await question();
    expect(tally(by(deputy('user:dan', 'user:ann'), voter('user:ann')), asked).state).toBe('pending');
    expect(tally(by(deputy('user:dan', 'user:ann'), deputy('user:eve', 'user:ann')), asked).state).toBe('pending');
    expect(tally(by(deputy('user:dan', 'user:ann'), voter('user:bob')), asked).state).toBe('granted');
    // Dan can stand in for Bob where Eve can only stand in for Ann, in whichever order they spoke.
    const both = deputy('user:dan', 'user:ann', 'user:bob');
    expect(tally(by(both, deputy('user:eve', 'user:ann')), asked).state).toBe('granted');
    expect(tally(by(deputy('user:eve', 'user:ann'), both), asked).state).toBe('granted');
  });

  it('is one person, for however many they stand in', async () => {
    const asked = await question();
    expect(tally(by(deputy('user:dan', 'user:ann', 'user:bob')), asked).state).toBe('pending');
  });

  it('does not decide for those who may not decide themselves, nor about what is asked for them', async () => {
    const parties = { ...NOBODY, requesters: ['user:ann'] };
    const asked = await question({ parties });
    expect(ineligible(deputy('user:dan', 'user:ann'), asked)).toBe('lacks_role');
    expect(ineligible(deputy('user:ann', 'user:bob'), asked)).toBe('is_requester');
  });

  it('is no more than the rights it lends, whatever is asked', async () => {
    await fc.assert(
      fc.asyncProperty(world, person, fc.subarray([...PEOPLE]), async (of, who, away) => {
        const asked = await questionIn(of);
        const standing = deputy(who, ...away);
        if (ineligible(standing, asked) !== null) return;
        const able = [voter(who), ...away.map((one) => voter(one))].some((one) => ineligible(one, asked) === null);
        expect(able).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
