import type { Browser } from 'playwright-core';
import { describeWithBrowser } from '../support/chromium';
import { eventually } from '../support/until';
import { goBy, openBrowser, openScreen, type Screen, settled, words } from './browser';
import { openWorld, type World } from './world';

describeWithBrowser('the runs list', (executable) => {
  let world: World;
  let browser: Browser;
  let screen: Screen;

  beforeAll(async () => {
    [world, browser] = await Promise.all([openWorld(), openBrowser(executable)]);
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

  const open = async (path: string): Promise<void> => {
    await screen.page.goto(world.link(path));
    await screen.page.getByRole('grid', { name: 'Runs' }).waitFor();
  };
  const rows = () => screen.page.locator('[role=rowgroup] > [role=row]');
  const selected = () => screen.page.locator('[role=row][aria-selected=true]');

  it('signs in by the link of the terminal, whose key is gone from the address and from the history at once', async () => {
    await open('/runs');
    const { page } = screen;
    await eventually(() => expect(page.url()).toBe(`${world.url}/runs`));
    const kept = await page.evaluate<string>(
      `JSON.stringify([localStorage, sessionStorage, document.cookie, history.state, document.documentElement.outerHTML])`,
    );
    expect(kept).not.toContain(world.apiKey.slice(-20));
    await page.reload();
    await page.getByRole('grid', { name: 'Runs' }).waitFor();
  });

  it('signs in by a pasted key, says what is wrong with another, and leads to where one wanted to go', async () => {
    const { page, complaints } = screen;
    await page.goto(`${world.url}/runs?q=status:denied`);
    const box = page.getByLabel('API key');
    await box.fill('a password');
    await box.press('Enter');
    await page.getByText('That is no API key of Writ').waitFor();
    await box.fill(`${world.apiKey.slice(0, -4)}nope`);
    await box.press('Enter');
    await page.getByText('No valid credential').waitFor();
    // The browser itself reports the refusal; nothing else may be complained of.
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
    await box.fill(world.apiKey);
    await box.press('Enter');
    await page.getByLabel('Parts of the query').getByText('status:denied').waitFor();
  });

  it('is the same screen for whoever opens the copied address', async () => {
    const path =
      '/runs?q=status:denied,failed,cancelled,timed_out&from=-7d&sort=started&cols=status,workflow,calls,finished&dense=1';
    await open(path);
    await screen.page.keyboard.press('j');
    await screen.page.keyboard.press('j');
    await screen.page.keyboard.press('o');
    await screen.page.getByRole('complementary').getByText('Why').or(screen.page.getByText('Used')).first().waitFor();
    await screen.page.waitForURL(/sel=run_/);
    const address = screen.page.url();
    const seen = await words(screen.page);
    const other = await openScreen(browser);
    await other.page.goto(`${address}#key=${world.apiKey}`);
    await other.page.getByText('Used').first().waitFor();
    await eventually(() => expect(other.page.url()).toBe(address));
    expect(await words(other.page)).toEqual(seen);
    await other.close();
  });

  it('undoes the last filter with Back', async () => {
    await open('/runs');
    await settled(screen.page);
    const all = await rows().count();
    await screen.page.getByRole('button', { name: /^Failed/ }).click();
    await screen.page.waitForURL(/q=status:failed/);
    await screen.page.getByLabel('Parts of the query').waitFor();
    await expectCount(rows, 1);
    await screen.page.getByRole('button', { name: /^Timed out/ }).click();
    await expectCount(rows, 2);
    await screen.page.goBack();
    await expectCount(rows, 1);
    await screen.page.goBack();
    await expectCount(rows, all);
    const query = screen.page.getByRole('combobox', { name: 'Query' });
    await eventually(async () => expect(await query.inputValue()).toBe(''));
  });

  it('is worked with the keyboard alone', async () => {
    await open('/runs');
    const { page } = screen;
    const press = (...keys: readonly string[]) =>
      keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());
    await press('j');
    const first = await selected().getAttribute('id');
    await press('j');
    await eventually(async () => expect(await selected().getAttribute('id')).not.toBe(first));
    await press('k');
    await eventually(async () => expect(await selected().getAttribute('id')).toBe(first));
    await press('.');
    const bad = /Denied|Failed|Timed out|Outcome unknown|Needs approval|Stopped/;
    await eventually(async () => expect(await selected().innerText()).toMatch(bad));
    await press('o');
    await page.getByRole('complementary').waitFor();
    await press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
    await press('c');
    await page.getByText('Run id copied').waitFor();
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(
      (await selected().getAttribute('id'))?.slice(4),
    );
    await press('?');
    await page.getByRole('dialog').getByText('Next problem').waitFor();
    await press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await press('/');
    await page
      .locator(':focus')
      .and(page.getByRole('combobox', { name: 'Query' }))
      .waitFor();
    await page.keyboard.type('status:den');
    await page.getByRole('option').first().waitFor();
    await press('ArrowDown', 'Enter', 'Enter');
    await page.waitForURL(/q=status:denied/);
    await press('Escape');
    await goBy(page, ['g', 'l'], page.getByRole('heading', { name: 'Audit' }));
    await goBy(page, ['g', 'r'], page.getByRole('heading', { name: 'Runs' }));
    await press('Control+k');
    await page.getByRole('dialog').locator('input:focus').waitFor();
    await page.keyboard.type(world.runs['refused']!);
    await press('Enter');
    await page.waitForURL(new RegExp(world.runs['refused']!));
  });

  it('runs no part of a query that has a fault, and says where it is', async () => {
    await open('/runs');
    const { page } = screen;
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const box = page.getByRole('combobox', { name: 'Query' });
    await box.fill('status:failed nosuch:x ');
    await box.press('Enter');
    await page.getByText('There is no field nosuch here').waitFor();
    await eventually(async () => expect(await box.getAttribute('aria-invalid')).toBe('true'));
    expect(asked.filter((url) => url.includes('filter='))).toEqual([]);
    expect(page.url()).not.toContain('q=');
  });

  it('keeps new rows back until they are asked for, and moves no row', async () => {
    await open('/runs');
    const { page } = screen;
    await page.getByRole('button', { name: /^Live/ }).waitFor();
    const top = await rows().first().getAttribute('id');
    const run = await world.desk.start({ workflow: 'waits' });
    await page.getByRole('button', { name: '1 new' }).waitFor();
    await settled(page);
    expect(await rows().first().getAttribute('id')).toBe(top);
    await page.getByRole('button', { name: '1 new' }).click();
    await page.locator(`#row-${run}`).waitFor();
    await eventually(async () => expect(await rows().first().getAttribute('id')).toBe(`row-${run}`));
    // What is shown changes in place.
    const { tenant } = world.desk.scenario;
    await world.desk.engine.commands.cancel({ tenant, run, reason: 'enough', caller: world.desk.as('user:boss') });
    await page.locator(`#row-${run}`).getByText('Cancelled').waitFor();
  });

  it('sets a stop only with its name typed, shows it on every page, and releases it', async () => {
    await open('/runs');
    const { page } = screen;
    await page.keyboard.press('Control+Shift+.');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name of the agent').fill('cashier');
    await dialog.getByLabel('Reason').fill('a drill');
    const stop = dialog.getByRole('button', { name: 'Stop agent cashier' });
    expect(await stop.isDisabled()).toBe(true);
    await dialog.getByLabel('To confirm').fill('clerk');
    expect(await stop.isDisabled()).toBe(true);
    await dialog.getByLabel('To confirm').fill('cashier');
    await stop.click();
    const active = dialog.getByRole('listitem').filter({ hasText: 'agent cashier' });
    await active.getByRole('button', { name: 'Release' }).click();
    await active.getByLabel('Reason for the release').fill('drill over');
    await active.getByRole('button', { name: 'Release agent cashier' }).click();
    await active.waitFor({ state: 'detached' });
  });

  it('narrows to what is dragged over in the histogram', async () => {
    await open('/runs?from=-1h');
    const slider = screen.page.getByRole('slider', { name: 'runs over time' });
    await slider.focus();
    await screen.page.keyboard.press('End');
    await screen.page.keyboard.press('Shift+ArrowLeft');
    await screen.page.keyboard.press('Enter');
    await screen.page.waitForURL(/from=\d{4}.*to=\d{4}/);
  });

  it('says which part of a query leaves nothing, and takes it away', async () => {
    await screen.page.goto(world.link('/runs?q=status:succeeded+workflow:nosuch'));
    await screen.page.getByText('No run matches').waitFor();
    await screen.page.getByRole('button', { name: 'Without workflow:nosuch' }).click();
    await screen.page.waitForURL(/q=status:succeeded$/);
  });

  it('says what failed with its request, and tries again', async () => {
    const { page, complaints } = screen;
    await page.route('**/v1/runs?*', (route) =>
      route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(REFUSED) }),
    );
    await page.goto(world.link('/runs'));
    await page.getByText('The policy refuses this').waitFor();
    await page.getByText('req_00000000000000000000000001').waitFor();
    await page.unroute('**/v1/runs?*');
    await page.getByRole('button', { name: 'Retry' }).first().click();
    await page.getByRole('grid', { name: 'Runs' }).waitFor();
    expect(complaints.splice(0).every((text) => text.includes('403'))).toBe(true);
  });
});

const REFUSED = {
  type: '/problems/policy_denied',
  title: 'The policy refuses this',
  status: 403,
  detail: 'no rule grants run.read',
  instance: '/v1/runs',
  code: 'policy_denied',
  request_id: 'req_00000000000000000000000001',
  trace_id: null,
  retryable: false,
  errors: [],
  next_actions: [],
  doc_url: '/problems/policy_denied',
};

const expectCount = (rows: () => { count(): Promise<number> }, wanted: number): Promise<void> =>
  eventually(async () => expect(await rows().count()).toBe(wanted));
