import type { Browser } from 'playwright-core';
import type { RunId } from '@writ/kernel';
import { mergeBundles, policiesDirectory, type PolicyBundle, readBundle } from '@writ/policy';
import { say } from '../scenarios/desk';
import { asking } from '../scenarios/many-kinds';
import { describeWithBrowser } from '../support/chromium';
import { axeFaults, openBrowser, openScreen, type Screen, sideways } from './browser';
import { openWorld, type World } from './world';

describeWithBrowser('the inbox', (executable) => {
  let world: World;
  let browser: Browser;
  let screen: Screen;

  /** Administrators may say yes to `quiet`, and with which arguments. */
  const policy = async (more: PolicyBundle['obligations'] = {}): Promise<PolicyBundle> => {
    const product = await readBundle(policiesDirectory());
    const values = { count: 1, roles: ['administrator'], editable: true };
    const names = ['ask', ...Object.keys(more)].join('|');
    const rules = (asking.rules as string).replaceAll('allow, ask', `allow, ${names}`);
    const own = { ...asking, rules, obligations: { ask: { type: 'require_approval', values }, ...more } };
    const merged = product.ok ? mergeBundles(product.value, own) : product;
    if (!merged.ok) throw new Error(merged.failure.message);
    return merged.value;
  };
  const asks = async (id: string): Promise<RunId> => {
    const turns = [{ calls: [{ name: 'quiet', arguments: { order: '#7', amount: 12 } }] }, { text: 'Done.' }];
    const run = await world.desk.start({ workflow: 'desk', input: say(world.desk, id, turns) });
    await world.desk.stands(run, 'waiting_approval');
    return run;
  };

  beforeAll(async () => {
    [world, browser] = await Promise.all([openWorld(), openBrowser(executable)]);
    await world.desk.scenario.activate(await policy());
    await world.desk.engine.authority.refresh(world.desk.scenario.tenant);
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

  const open = async (path = '/approvals'): Promise<void> => {
    await screen.page.goto(world.link(path));
    await screen.page.getByRole('heading', { name: 'Approvals' }).waitFor();
  };
  const rows = () => screen.page.locator('[role=rowgroup] > [role=row]');

  it('shows a request as it is made, with its count, what is asked, why, and who decides', async () => {
    await open();
    const { page } = screen;
    await asks('inbox-shown');
    await rows().first().waitFor();
    await page.getByRole('navigation', { name: 'Pages' }).getByText('waiting for you').waitFor({ state: 'attached' });
    await page.keyboard.press('j');
    await page.keyboard.press('o');
    await page.getByText('clerk wants to call quiet for user:ann').last().waitFor();
    await page.getByText('may tool.invoke tool:quiet, after ask').first().waitFor();
    await page.getByText('0 of 1 administrator').last().waitFor();
    expect(await axeFaults(page)).toEqual([]);
  });

  it('is decided with the keyboard alone, and the row goes', async () => {
    const run = await asks('inbox-approved');
    await open(`/approvals?q=run:${run}`);
    const { page } = screen;
    await rows().first().waitFor();
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const approve = page.getByRole('button', { name: 'Approve once' });
    await approve.focus();
    // A bare Enter presses the button as it does anywhere; the shortcut does the same on purpose.
    await page.keyboard.press('Control+Enter');
    await page.getByText('No request matches').waitFor();
    await world.desk.stands(run, 'succeeded');
    await page.goto(`${world.url}/approvals?tab=settled&q=run:${run}`);
    await rows().getByText('Approved, acted').waitFor();
  });

  it('shows what an edit changes before it is sent, and the run goes on with it', async () => {
    const run = await asks('inbox-edited');
    await open(`/approvals?q=run:${run}`);
    const { page } = screen;
    await rows().first().click();
    await page.getByRole('button', { name: 'Edit…' }).click();
    const box = page.getByLabel('Arguments', { exact: true }).last();
    await box.fill('{"order": "#7", "amount": "many"}');
    await page.getByRole('table', { name: 'Changed arguments' }).getByText('"many"').waitFor();
    await page.getByRole('button', { name: 'Approve with these' }).click();
    await page.getByRole('alert').waitFor();
    screen.complaints.splice(0);
    await box.fill('{"order": "#7", "amount": 10}');
    await page.getByRole('table', { name: 'Changed arguments' }).getByText('12').waitFor();
    expect(await axeFaults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Approve with these' }).click();
    const { events } = await world.desk.stands(run, 'succeeded');
    expect(events.find((event) => event.type === 'step_intended' && event.kind === 'tool')).toMatchObject({
      args: { order: '#7', amount: 10 },
    });
  });

  it.each([
    ['light', 'phone'],
    ['dark', 'phone'],
    ['dark', 'desk'],
  ] as const)('reads well in %s on a %s', async (look, size) => {
    const run = await asks(`inbox-${look}-${size}`);
    await screen.close();
    screen = await openScreen(browser, { look, size });
    await open(`/approvals?q=run:${run}`);
    const { page } = screen;
    await rows().first().waitFor();
    expect(await axeFaults(page)).toEqual([]);
    expect(await sideways(page)).toBe(0);
    await rows().first().click();
    await page.getByRole('button', { name: 'Approve once' }).waitFor();
    expect(await axeFaults(page)).toEqual([]);
    expect(await sideways(page)).toBe(0);
    await page.screenshot({ path: `.writ/pictures/approvals-${look}-${size}.png` });
  });

  it('asks for the key once more where the policy wants a fresh proof, and approves with it', async () => {
    await world.desk.scenario.activate(
      await policy({ prove: { type: 'step_up', values: { who: 'approvers', within_ms: 600_000 } } }),
    );
    await world.desk.engine.authority.refresh(world.desk.scenario.tenant);
    const run = await asks('inbox-proven');
    await open(`/approvals?q=run:${run}`);
    const { page } = screen;
    await rows().first().click();
    const approve = page.getByRole('button', { name: 'Approve once' });
    await approve.waitFor();
    // As if the session had been opened long ago.
    await world.desk.scenario.outsider.query('delete from writ.proof');
    await approve.click();
    const form = page.getByRole('form', { name: 'Prove who you are' });
    await form.waitFor();
    // The browser tells of the refusal that made it ask.
    screen.complaints.splice(0);
    expect(await axeFaults(page)).toEqual([]);
    await form.getByLabel('Your API key, once more').fill(world.apiKey);
    await form.getByRole('button', { name: 'Prove and approve' }).click();
    await page.getByText('No request matches').waitFor();
    await world.desk.stands(run, 'succeeded');
  });
});
