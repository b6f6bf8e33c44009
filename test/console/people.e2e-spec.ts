import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { newId, type RunId } from '@writ/kernel';
import { mergeBundles, policiesDirectory, readBundle } from '@writ/policy';
import { publish } from '@writ/registry';
import { policy, say } from '../scenarios/desk';
import { describeWithBrowser } from '../support/chromium';
import { type HeldModel, startHeldModel } from '../support/held-model';
import { eventually } from '../support/until';
import { axeFaults, goBy, openBrowser, openScreen, type Screen, settled, sideways } from './browser';
import { openWorld, type World } from './world';

const accountable = { owner: 'desk', purpose: 'meets people' };
const answer = {
  type: 'object',
  properties: {
    amount: { type: 'number', description: 'in euros' },
    way: { enum: ['card', 'voucher'] },
    gift: { type: 'boolean' },
  },
  required: ['amount', 'way'],
};
const documents = [
  {
    kind: 'model',
    name: 'streaming',
    model: 'scripted',
    base_url_env: 'HELD_MODEL_URL',
    api_key_env: null,
    // It is held while pages are drawn and looked at.
    timeout_ms: 150_000,
    parameters: { stream: true, stream_options: { include_usage: true } },
    price: { currency: 'EUR', input_micros: 2_500_000, output_micros: 10_000_000 },
    limits: { concurrency: 8 },
  },
  { kind: 'agent', name: 'speaker', ...accountable, model: 'streaming', instructions: 'Speak.', tools: ['quiet'] },
  {
    kind: 'workflow',
    name: 'speaks',
    ...accountable,
    root: { type: 'agent', agent: 'speaker' },
    budget: { model_calls: 20, tokens: 100_000 },
  },
  {
    kind: 'workflow',
    name: 'asks',
    ...accountable,
    root: { type: 'input', question: 'How much does the customer get back, and how?', schema: answer },
  },
];

describeWithBrowser('people and runs', (executable) => {
  let world: World;
  let browser: Browser;
  let screen: Screen;
  let model: HeldModel;

  beforeAll(async () => {
    mkdirSync('.writ/pictures', { recursive: true });
    [world, browser] = await Promise.all([openWorld(), openBrowser(executable)]);
    model = await startHeldModel(world.desk.model.url);
    process.env['HELD_MODEL_URL'] = model.url;
    const { tenant, db, activate } = world.desk.scenario;
    const published = await db.withTenant(tenant, (tx) => publish(tx, { tenant, author: 'user:author', documents }));
    if (!published.ok) throw new Error(published.failure.message);
    const product = await readBundle(policiesDirectory());
    const merged = product.ok ? mergeBundles(product.value, policy) : product;
    if (!merged.ok) throw new Error(merged.failure.message);
    const speaks = [
      'p, agent:speaker, {tenant}, model:*, model.invoke, , allow',
      'p, agent:speaker, {tenant}, tool:quiet, tool.invoke, , allow',
    ];
    await activate({ ...merged.value, rules: [merged.value.rules, ...speaks].join('\n') });
  });
  beforeEach(async () => {
    screen = await openScreen(browser);
  });
  afterEach(async () => {
    model.release();
    const { complaints } = screen;
    await screen.close();
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await model?.close();
    await world?.close();
  });

  const again = async (options: Parameters<typeof openScreen>[1]): Promise<void> => {
    await screen.close();
    screen = await openScreen(browser, options);
  };
  const good = async (picture: string): Promise<void> => {
    await settled(screen.page);
    await screen.page.screenshot({ path: `.writ/pictures/${picture}.png` });
    expect(await axeFaults(screen.page)).toEqual([]);
    expect(await sideways(screen.page)).toBe(0);
  };
  const asks = async (): Promise<RunId> => {
    const run = await world.desk.start({ workflow: 'asks' });
    await world.desk.stands(run, 'waiting_input');
    return run;
  };
  const LOOKS = [
    ['light', 'desk'],
    ['dark', 'desk'],
    ['dark', 'phone'],
  ] as const;

  it('what a model says is read while it says it, and stands there once when it is whole', async () => {
    const text = Array.from({ length: 120 }, (_, i) => `word${i}`).join(' ');
    model.hold('word60 ');
    const run = await world.desk.start({
      workflow: 'speaks',
      input: say(world.desk, 'live', [{ text, piece_ms: 10 }]),
    });
    await screen.page.goto(world.link(`/runs/${run}?tab=conversation`));
    const { page } = screen;
    const live = page.locator('li[data-live]');
    await live.getByText(/word3 /).waitFor();
    expect(await live.innerText()).toContain('speaker');
    expect(await live.innerText()).not.toContain('word119');
    await page.getByRole('status').getByText('speaker is speaking').waitFor({ state: 'attached' });
    await good('conversation-live-light');
    model.release();
    await world.desk.stands(run, 'succeeded');
    await page.getByText('the run ended').waitFor();
    await eventually(async () => {
      expect(await live.count()).toBe(0);
      expect((await page.locator('main').innerText()).split('word77 ').length - 1).toBe(1);
    });
  });

  it('a question is found, answered by its fields with the keyboard alone, and the run goes on with the answer', async () => {
    const run = await asks();
    await screen.page.goto(world.link('/runs'));
    const { page } = screen;
    await page.getByRole('grid').waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).getByText('for you to answer').waitFor({ state: 'attached' });
    await goBy(page, ['g', 'q'], page.getByRole('heading', { name: 'Questions' }));
    await page.getByRole('list', { name: 'Questions' }).waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    const form = page.getByRole('form', { name: 'Answer' });
    await form.waitFor();
    const send = form.getByRole('button', { name: 'Answer' });
    expect(await send.isDisabled()).toBe(true);
    await form.getByLabel(/^amount/).focus();
    await page.keyboard.type('12.50');
    await form.getByLabel(/^way/).selectOption('voucher');
    await form.getByLabel('gift').selectOption('No');
    await good('questions-light-desk');
    await send.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Nothing is asked').waitFor();
    const { events } = await world.desk.stands(run, 'succeeded');
    expect(events.at(-1)).toMatchObject({ output: { amount: 12.5, way: 'voucher', gift: false } });
  });

  it('a run that was drawn is found, looked at and decided with the keyboard alone', async () => {
    const { outsider, tenant } = world.desk.scenario;
    const run = world.runs['paid']!;
    await outsider.query(
      `insert into writ.review (tenant, id, run, workflow, initiator, caller, tier, policy, seed, share, why, due_at)
       values ($1, $2, $3, 'desk', 'user:ann', 'user:ann', 'high', 'sha256:x', 'seed', 0.25, 'share', now())`,
      [tenant, newId('review'), run],
    );
    await screen.page.goto(world.link('/runs'));
    const { page } = screen;
    await page.getByRole('grid').waitFor();
    await page
      .getByRole('navigation', { name: 'Pages' })
      .getByText('for you to look at')
      .waitFor({ state: 'attached' });
    await goBy(page, ['g', 'v'], page.getByRole('list', { name: 'Reviews' }));
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    const form = page.getByRole('form', { name: 'What you found' });
    await form.waitFor();
    const concern = form.getByRole('button', { name: 'Raise a concern' });
    expect(await concern.isDisabled()).toBe(true);
    await form.getByLabel(/^What you found/).focus();
    await page.keyboard.type('It paid too much.');
    await good('reviews-light-desk');
    await concern.focus();
    await page.keyboard.press('Enter');
    await page.getByText('Nothing waits to be looked at').waitFor();
    const { rows } = await outsider.query(`select verdict, note from writ.review where run = $1`, [run]);
    expect(rows).toEqual([{ verdict: 'concern', note: 'It paid too much.' }]);
  });

  it.each(LOOKS)('questions read well in %s on a %s', async (look, size) => {
    const run = await asks();
    await again({ look, size });
    await screen.page.goto(world.link('/questions'));
    const { page } = screen;
    await page.getByRole('list', { name: 'Questions' }).getByRole('button').first().click();
    await page.getByRole('form', { name: 'Answer' }).waitFor();
    await good(`questions-panel-${look}-${size}`);
    await page.goto(`${world.url}/runs/${run}?tab=people`);
    await page.getByLabel('Tell the agents something').waitFor();
    await good(`run-people-${look}-${size}`);
    const { tenant, engine } = world.desk.scenario;
    await engine.commands.cancel({ tenant, run, caller: world.desk.as('user:boss'), reason: 'enough' });
    await world.desk.stands(run, 'cancelled');
  });

  it('a person takes a run over, gives it back with a note, and the conversation shows both', async () => {
    const text = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
    // The first turn is held until somebody asks for the run; it learns of that during one of the others.
    const looks = { calls: [{ name: 'quiet', arguments: {} }], delay_ms: 100 };
    const turns = [...Array.from({ length: 8 }, () => looks), { text, piece_ms: 5 }];
    model.hold();
    const run = await world.desk.start({ workflow: 'speaks', input: say(world.desk, 'taken-over', turns) });
    await screen.page.goto(world.link(`/runs/${run}?tab=conversation`));
    const { page } = screen;
    const steer = async (item: string): Promise<void> => {
      await page.getByRole('button', { name: 'Steer' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await steer('Take over…');
    await page.getByLabel('Reason').fill('I look at this one myself.');
    await good('take-over-light');
    await page.getByRole('button', { name: 'Pause the run' }).click();
    await page.getByText('The run will hold after the steps under way').waitFor();
    model.release();
    await page.getByText('took hold of the run').waitFor();
    await world.desk.stands(run, 'paused');
    await page.getByText('Paused', { exact: true }).first().waitFor();
    await steer('Give back…');
    await page.getByLabel('Reason').fill('Looked at.');
    await page.getByLabel('What the agents are to know (optional)').fill('The parcel has arrived.');
    await good('give-back-light');
    await page.getByRole('button', { name: 'Resume the run' }).click();
    await page.getByText('told the agents').waitFor();
    await page.getByText('The parcel has arrived.').waitFor();
    await world.desk.stands(run, 'succeeded');
    const messages = world.desk.model.journal('taken-over').at(-1)!.messages as readonly { content: string }[];
    expect(messages.map(({ content }) => content)).toContain(
      '[Note from an operator, user:root] The parcel has arrived.',
    );
  });

  it.each(LOOKS)('models and what they cost read well in %s on a %s', async (look, size) => {
    await again({ look, size });
    await screen.page.goto(world.link('/models'));
    const { page } = screen;
    await page.getByRole('heading', { name: 'Models' }).waitFor();
    await page.getByRole('cell', { name: '2.50 EUR' }).waitFor();
    await page.getByText('1 of 2 without a price').waitFor();
    await good(`models-${look}-${size}`);
    await page.getByRole('button', { name: 'streaming', exact: true }).click();
    await page.getByText('What it has cost').waitFor();
    await good(`model-${look}-${size}`);
  });

  it('a model is priced, which makes a new version of it', async () => {
    await screen.page.goto(world.link('/models'));
    const { page } = screen;
    await page.getByRole('button', { name: 'Price… of scripted' }).click();
    await page.getByLabel('Read', { exact: false }).first().fill('0.50');
    await page.getByLabel('Written').fill('1,5');
    await good('model-price-light');
    await page.getByRole('button', { name: 'Set the price' }).click();
    await page.getByRole('cell', { name: '0.50 USD' }).waitFor();
    await page.getByText('scripted, version 2').waitFor();
  });

  it.each(LOOKS)('what limits a run reads well in %s on a %s', async (look, size) => {
    const run = await world.desk.start({
      workflow: 'speaks',
      input: say(world.desk, `limits-${look}-${size}`, [{ text: 'Hi.' }]),
    });
    await world.desk.stands(run, 'succeeded');
    await again({ look, size });
    await screen.page.goto(world.link(`/runs/${run}?tab=limits`));
    await screen.page.getByText('The workflow, or whoever started the run, limits it.').first().waitFor();
    await good(`run-limits-${look}-${size}`);
  });

  it('somebody names who decides in their place, and ends it', async () => {
    for (const [look, size] of LOOKS) {
      await again({ look, size });
      await screen.page.goto(world.link('/approvals'));
      const { page } = screen;
      await page.getByRole('button', { name: 'Away…' }).click();
      await page.getByLabel('Deputy').fill('user:ben');
      await page.getByLabel('Reason').fill('On leave.');
      await page.getByRole('button', { name: 'Name them' }).click();
      await page.getByRole('list', { name: 'Stand-ins' }).getByText('user:ben', { exact: true }).waitFor();
      await good(`away-${look}-${size}`);
      await page.getByRole('button', { name: 'End that user:ben decides for user:root' }).click();
      await page.getByText('Everybody decides for themselves.').waitFor();
    }
  });

  it('a key is made, seen once, and taken back', async () => {
    await screen.page.goto(world.link('/api-keys'));
    const { page } = screen;
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByLabel('What it is for').fill('night shift');
    await page.getByLabel('Roles').fill('auditor');
    await page.getByLabel('What it may be used for').fill('run.read, audit.read');
    await page.getByRole('button', { name: 'Make the key' }).click();
    await page.getByText('It is shown once').waitFor();
    await good('api-key-made-light');
    const secret = await page.getByRole('dialog').getByRole('group', { name: 'Command' }).innerText();
    const me = (): Promise<number> =>
      fetch(`${world.url}/v1/me`, { headers: { authorization: `Bearer ${secret}` } }).then(({ status }) => status);
    expect(await me()).toBe(200);
    await page.getByRole('button', { name: 'I have kept it' }).click();
    const row = page.getByRole('row', { name: /night shift/ });
    await row.getByText('run.read, audit.read').waitFor();
    await row.getByRole('button', { name: 'Revoke… night shift' }).click();
    await row.getByRole('button', { name: 'Revoke night shift' }).click();
    await row.getByText('Revoked').waitFor();
    expect(await me()).toBe(401);
  });

  it('a policy is put in force once somebody has looked what it changes, and the one before is brought back', async () => {
    await screen.page.goto(world.link('/policy?tab=change'));
    const { page } = screen;
    const text = page.getByLabel('The policy, as YAML');
    const before = await text.inputValue();
    const apply = page.getByRole('button', { name: 'Put it in force' });
    const look = page.getByRole('button', { name: 'What would it change?' });
    await text.fill('rules: [');
    await look.click();
    await page.getByRole('alert').getByText('This cannot be read').waitFor();
    const line = /^.*agent:speaker.*tool:quiet.*$/m;
    await text.fill(before.replace(line, (rule) => rule.replace(', allow,', ', deny,')));
    expect(await apply.isDisabled()).toBe(true);
    await look.click();
    await page.getByText('agent:speaker must not tool.invoke tool:quiet').waitFor();
    await good('policy-changed-light');
    await apply.click();
    await page
      .getByRole('row', { name: /agent:speaker.*tool:quiet/ })
      .getByText('must not')
      .waitFor();

    await page.getByText('History', { exact: true }).click();
    const old = page.getByRole('list', { name: 'Policies' }).getByRole('listitem').nth(1);
    await old.getByRole('button', { name: /^Compare/ }).click();
    await old.getByText('agent:speaker may tool.invoke tool:quiet').waitFor();
    await old.getByRole('button', { name: /^Bring back/ }).click();
    await look.click();
    await page.getByText('agent:speaker may tool.invoke tool:quiet').waitFor();
    await apply.click();
    await page
      .getByRole('row', { name: /agent:speaker.*tool:quiet/ })
      .getByText('may', { exact: true })
      .waitFor();
  });

  it('what would allow an act is written into a change of the policy, and nothing is changed by it', async () => {
    await screen.page.goto(world.link('/ask?q=can+user:zoe+stop.set+stop:tool'));
    const { page } = screen;
    await page.getByRole('link', { name: 'See what else that would change' }).first().click();
    await page.getByLabel('The policy, as YAML').waitFor();
    expect(await page.getByLabel('The policy, as YAML').inputValue()).toContain('user:zoe');
    await page.getByRole('button', { name: 'What would it change?' }).click();
    await page.getByText(/user:zoe (has|may) /).waitFor();
    await page.getByRole('button', { name: 'Begin again from what is in force' }).click();
    expect(await page.getByLabel('The policy, as YAML').inputValue()).not.toContain('user:zoe');
  });
});
