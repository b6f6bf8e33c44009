import { mkdirSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { mergeBundles, policiesDirectory, readBundle } from '@writ/policy';
import { policy, say } from '../scenarios/desk';
import { describeWithBrowser } from '../support/chromium';
import { axeFaults, openBrowser, openScreen, type Screen, sideways } from './browser';
import { openWorld, type World } from './world';

jest.setTimeout(90_000);

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
  }, 120_000);
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
      await page.waitForTimeout(300);
      await good(`notices-${look}-${size}`);
      await page.getByRole('menuitem', { name: 'Stopped: tool look' }).click();
      await page.getByRole('heading', { name: 'Stops' }).waitFor();
    }
  });
});
