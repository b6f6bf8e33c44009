import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { Dispatcher } from '@writ/delivery';
import { EgressGuard, readEgressRules } from '@writ/gateways';
import { newId } from '@writ/kernel';
import { mergeBundles, policiesDirectory, readBundle } from '@writ/policy';
import { publish } from '@writ/registry';
import { policy, say } from '../scenarios/desk';
import { describeWithBrowser } from '../support/chromium';
import { eventually } from '../support/until';
import { axeFaults, openBrowser, openScreen, type Screen, settled, sideways } from './browser';
import { openWorld, type World } from './world';

const LOOKS = [
  ['light', 'desk'],
  ['dark', 'desk'],
  ['dark', 'phone'],
] as const;

describeWithBrowser('runs that go on from others, and how many go at a time', (executable) => {
  let world: World;
  let browser: Browser;
  let screen: Screen;

  beforeAll(async () => {
    mkdirSync('.writ/pictures', { recursive: true });
    [world, browser] = await Promise.all([openWorld(), openBrowser(executable)]);
    const product = await readBundle(policiesDirectory());
    const merged = product.ok ? mergeBundles(product.value, policy) : product;
    if (!merged.ok) throw new Error(merged.failure.message);
    await world.desk.scenario.activate(merged.value);
  });
  beforeEach(async () => {
    screen = await openScreen(browser);
  });
  afterEach(async () => {
    const { complaints } = screen;
    await screen.close();
    expect(complaints).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
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

  it('a run is forked from a step, says where it came from, and is compared with it', async () => {
    const turns = [{ calls: [{ name: 'quiet', arguments: {} }] }, { text: 'Done.' }];
    const run = await world.desk.start({ workflow: 'desk', input: say(world.desk, 'forked', turns) });
    await world.desk.stands(run, 'succeeded');
    await screen.page.goto(world.link(`/runs/${run}?view=step&step=s2`));
    const { page } = screen;
    await page.getByRole('button', { name: 'Fork from here…' }).click();
    await page.getByLabel('Reason').fill('What would have been?');
    await page.getByText('Steps before step 2 are taken over').waitFor();
    await good('fork-light');
    await page.getByRole('button', { name: 'Fork the run' }).click();
    await page.getByText('Forked from').waitFor();
    await page.getByText(/effects stubbed/).waitFor();
    await page.getByText('Succeeded').first().waitFor();
    await good('forked-light');
    await page.getByRole('link', { name: 'compare' }).click();
    await page
      .getByText(/steps are the same|differ/)
      .first()
      .waitFor();
    await page.getByRole('row', { name: /quiet/ }).getByText('stubbed').waitFor();
    const address = page.url();
    for (const [look, size] of LOOKS) {
      await again({ look, size });
      await screen.page.goto(`${address}#key=${world.apiKey}`);
      await screen.page.getByRole('row', { name: /quiet/ }).waitFor();
      await good(`compare-${look}-${size}`);
    }
    await again({});
    await screen.page.goto(world.link('/compare'));
    await screen.page.getByText('Which two?').waitFor();
    await good('compare-empty');
  });

  it('how many runs go at a time is seen and changed beside the budgets', async () => {
    await screen.page.goto(world.link('/budgets'));
    const { page } = screen;
    const card = page.getByRole('region', { name: 'Runs at a time' });
    await card.getByText('of any number').waitFor();
    await card.getByRole('button', { name: 'Change…' }).click();
    await page.getByLabel('Led at once').fill('40');
    await page.getByLabel('Reason').fill('The order system takes 40.');
    await good('admission-light');
    await page.getByRole('button', { name: 'Put in force' }).click();
    await card.getByText('of 40').waitFor();
    for (const [look, size] of LOOKS) {
      await again({ look, size });
      await screen.page.goto(world.link('/budgets'));
      await screen.page.getByRole('region', { name: 'Runs at a time' }).waitFor();
      await good(`budgets-${look}-${size}`);
    }
  });

  it('what needs somebody is one press away on every page', async () => {
    for (const [look, size] of LOOKS) {
      await again({ look, size });
      await screen.page.goto(world.link('/runs'));
      const { page } = screen;
      await page.getByRole('button', { name: /^Notices: 1 notice/ }).click();
      await page.getByRole('menuitem', { name: 'Stopped: tool look' }).waitFor();
      await good(`notices-${look}-${size}`);
      await page.getByRole('menuitem', { name: 'Stopped: tool look' }).click();
      await page.getByRole('heading', { name: 'Stops' }).waitFor();
    }
  });

  it('somebody outside is told what happens: set up, tested and looked after on one page', async () => {
    const listener = createServer((request, response) => {
      request.resume();
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
    const guard = new EgressGuard({ rules: readEgressRules(`${origin};private`) });
    const sender = new Dispatcher(world.desk.scenario.db, guard, newId('worker'), { lookMs: 200 });
    sender.start();
    try {
      await screen.page.goto(world.link('/subscriptions'));
      const { page } = screen;
      await page.getByText('Nobody is told anything').waitFor();
      await good('subscriptions-empty');
      await page.getByRole('button', { name: 'New subscription' }).click();
      await page.getByLabel('Address').fill(`${origin}/hook`);
      await page.getByLabel('Name').fill('on-call');
      await good('subscribe-light');
      await page.getByRole('button', { name: 'Subscribe', exact: true }).click();
      await page.getByText(/^whsec_/).waitFor();
      await page.getByRole('button', { name: 'I have kept it' }).click();
      await page.getByRole('button', { name: 'Change on-call' }).click();
      await page.getByRole('menuitem', { name: 'Send a test' }).click();
      await page.getByRole('button', { name: 'Deliveries of on-call' }).click();
      await page.getByText('subscription.tested').waitFor();
      await page.getByText('Taken', { exact: true }).waitFor();
      for (const [look, size] of LOOKS) {
        await again({ look, size });
        await screen.page.goto(world.link('/subscriptions'));
        await screen.page.getByRole('button', { name: 'Deliveries of on-call' }).waitFor();
        await good(`subscriptions-${look}-${size}`);
        await screen.page.getByRole('button', { name: 'Deliveries of on-call' }).click();
        await screen.page.getByText('subscription.tested').waitFor();
        await good(`deliveries-${look}-${size}`);
      }
    } finally {
      await sender.stop();
      await new Promise((resolve) => listener.close(resolve));
    }
  });

  it('a batch is followed item by item, and cancelled', async () => {
    const { engine, tenant, db } = world.desk.scenario;
    const items = ['#1', '#2', '#1', '#3'].map((order, i) => ({ key: `order ${i}`, input: { order } }));
    const create = (workflow: string, concurrency: number, asked = items) =>
      db.withTenant(tenant, (tx) =>
        engine.batches.create(tx, {
          tenant,
          caller: world.desk.as('user:ann'),
          workflow,
          items: asked,
          concurrency,
          start: {},
        }),
      );
    const made = await create('pay_once', 4);
    if (!made.ok) throw new Error(made.failure.message);
    await screen.page.goto(world.link('/batches'));
    const { page } = screen;
    await page.getByRole('button', { name: /pay_once.*4 items/ }).click();
    await page.getByText('Finished').first().waitFor();
    await page.getByLabel('Items').first().selectOption({ label: 'Denied (2)' });
    const shown = page.getByRole('list', { name: 'Items' }).getByRole('listitem');
    await eventually(async () => expect(await shown.count()).toBe(2));
    await page.waitForURL(/denied/);
    const address = page.url();
    await page.getByRole('link', { name: 'order 1' }).click();
    await page.getByRole('link', { name: 'item order 1' }).waitFor();
    for (const [look, size] of LOOKS) {
      await again({ look, size });
      await screen.page.goto(`${address}#key=${world.apiKey}`);
      await screen.page.getByRole('list', { name: 'Items' }).waitFor();
      await good(`batch-${look}-${size}`);
    }
    await again({});
    const waiting = await create(
      'waits',
      2,
      items.map(({ key }) => ({ key, input: {} as never })),
    );
    if (!waiting.ok) throw new Error(waiting.failure.message);
    await screen.page.goto(world.link('/batches'));
    await screen.page.getByRole('button', { name: /waits.*4 items/ }).click();
    await screen.page.getByRole('button', { name: 'Cancel…' }).click();
    await screen.page.getByLabel('Reason').fill('Not this month.');
    await screen.page.getByRole('button', { name: 'Cancel the batch' }).click();
    await screen.page.getByText('Because').waitFor();
    await screen.page.getByText('Not this month.').waitFor();
    await good('batch-cancelled');
  });

  it('a run that waits is moved to the newer versions it fits, and says so', async () => {
    const { tenant, db } = world.desk.scenario;
    const run = await world.desk.start({ workflow: 'waits_then_looks' });
    await world.desk.stands(run, 'waiting_external');
    await screen.page.goto(world.link(`/runs/${run}`));
    const { page } = screen;
    const newer = async (): Promise<void> => {
      await page.getByRole('button', { name: 'Share' }).click();
      await page.getByRole('menuitem', { name: 'Newer versions…' }).click();
    };
    await newer();
    await page.getByText('The run has the newest version of waits_then_looks').waitFor();
    await good('upgrade-none');
    await page.getByRole('button', { name: 'Close' }).last().click();
    const quiet = { id: 'look', node: { type: 'tool', tool: 'quiet', args: {} } };
    const root = { type: 'sequence', steps: [{ id: 'wait', node: { type: 'wait', signal: 'go' } }, quiet] };
    const document = { kind: 'workflow', name: 'waits_then_looks', owner: 'desk', purpose: 'is newer', root };
    const published = await db.withTenant(tenant, (tx) =>
      publish(tx, { tenant, author: 'user:author', documents: [document] }),
    );
    if (!published.ok) throw new Error(published.failure.message);
    await newer();
    await page.getByText('it can go on there, from its next step').waitFor();
    await page.getByLabel('Reason').fill('The shelf is not looked at any more.');
    await good('upgrade-move');
    await page.getByRole('button', { name: 'Move the run' }).click();
    await page.getByText('The run moves to version 2').waitFor();
    const { engine } = world.desk.scenario;
    await engine.commands.signal({ tenant, run, caller: world.desk.as('user:boss'), name: 'go', payload: null });
    const { events } = await world.desk.stands(run, 'succeeded');
    expect(events.find((event) => event.type === 'step_intended')).toMatchObject({ target: 'quiet' });
  });
});
