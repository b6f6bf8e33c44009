import type { Browser } from 'playwright-core';
import { say } from '../scenarios/desk';
import { describeWithBrowser } from '../support/chromium';
import { type Relay, startRelay } from '../support/relay';
import { eventually } from '../support/until';
import { axeFaults, openBrowser, openScreen, type Screen, settled, sideways, words } from './browser';
import { openWorld, type World } from './world';

const MARKUP = `<img src=x onerror="window.hurt=1"><script>window.hurt=2</script><b id="bold">bold</b>[x](javascript:alert(1))`;

describeWithBrowser('one run', (executable) => {
  let world: World;
  let browser: Browser;
  let screen: Screen;
  let relay: Relay;

  beforeAll(async () => {
    [world, browser, relay] = await Promise.all([openWorld(), openBrowser(executable), startRelay()]);
    relay.point(Number(new URL(world.url).port));
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
    await relay?.close();
    await world?.close();
  });

  const open = async (kind: string, search = ''): Promise<void> => {
    await screen.page.goto(world.link(`/runs/${world.runs[kind]}${search}`));
    await screen.page.getByRole('heading', { level: 1 }).waitFor();
  };
  const grid = () => screen.page.getByRole('treegrid', { name: 'Timeline' });
  const line = () => grid().locator('[role=row][aria-selected=true]');

  it('opens where something went wrong, and explains it in a sentence, in rules, and in what would allow it', async () => {
    await open('refused');
    const { page } = screen;
    await line().getByText('Denied').waitFor();
    await grid()
      .getByRole('button', { name: /^Refused/ })
      .click();
    const panel = page.getByRole('complementary', { name: 'Explanation' });
    await panel
      .getByText(/belongs to user:bob/)
      .first()
      .waitFor();
    for (const part of ['Question by question', 'What would allow it', 'Told the agent'])
      await panel.getByText(part).waitFor();
    await page.goBack();
    await grid().waitFor();
  });

  it('is the same screen for whoever opens the copied address', async () => {
    await open('handed_over', '?group=time');
    await grid().waitFor();
    await screen.page.keyboard.press('j');
    await screen.page.keyboard.press('j');
    await screen.page.keyboard.press('Enter');
    await screen.page.getByRole('complementary').getByText('Journal').waitFor();
    await screen.page.waitForURL(/step=s\d/);
    const address = screen.page.url();
    const seen = await words(screen.page);
    const other = await openScreen(browser);
    await other.page.goto(`${address}#key=${world.apiKey}`);
    await other.page.getByRole('complementary').getByText('Journal').waitFor();
    await eventually(() => expect(other.page.url()).toBe(address));
    expect(await words(other.page)).toEqual(seen);
    await other.close();
  });

  it('undoes a tab, a grouping and an opened step with Back, one by one', async () => {
    await open('handed_over');
    const { page } = screen;
    await page.getByText('By time').click();
    await page.waitForURL(/group=time/);
    await page.getByRole('tab', { name: 'Decisions' }).click();
    await page.getByRole('grid', { name: 'Decisions' }).waitFor();
    await page.goBack();
    await grid().waitFor();
    await page.waitForURL(/group=time/);
    await page.goBack();
    await page.waitForURL((url) => !url.search.includes('group'));
  });

  it('is worked with the keyboard alone, as a tree grid', async () => {
    await open('handed_over');
    const { page } = screen;
    const stands = (attribute: string, value: string): Promise<void> =>
      eventually(async () => expect(await line().getAttribute(`aria-${attribute}`)).toBe(value));
    await grid().focus();
    await page.keyboard.press('Home');
    await stands('level', '1');
    await page.keyboard.press('ArrowDown');
    await stands('level', '2');
    await stands('expanded', 'true');
    const before = await grid().locator('[role=row]').count();
    await page.keyboard.press('ArrowLeft');
    await stands('expanded', 'false');
    await eventually(async () => expect(await grid().locator('[role=row]').count()).toBeLessThan(before));
    await page.keyboard.press('ArrowRight');
    await stands('expanded', 'true');
    await page.keyboard.press('ArrowRight');
    await stands('level', '3');
    await page.keyboard.press('p');
    await stands('level', '2');
    await page.keyboard.press('T');
    await stands('level', '1');
    for (const [key, tab] of [
      ['2', 'Conversation'],
      ['3', 'Decisions'],
      ['4', 'People'],
      ['5', 'Limits'],
      ['6', 'Audit'],
      ['7', 'Raw'],
      ['1', 'Timeline'],
    ]) {
      await page.keyboard.press(key!);
      await page.getByRole('tab', { name: tab!, selected: true }).waitFor();
    }
    const here = page.url();
    await page.keyboard.press('J');
    await page.waitForURL((url) => url.href !== here);
  });

  it('shows who gave whom what to do, and takes it back with a reason', async () => {
    const over = { calls: [{ name: 'handoff_to_cashier', arguments: { reason: 'pays', message: 'please' } }] };
    // The tool is under a stop: whoever it was handed to waits, and what they were given is in force.
    const turns = [over, { calls: [{ name: 'look', arguments: {} }] }, { text: 'never said' }];
    const run = await world.desk.start({ workflow: 'desk', input: say(world.desk, 'given', turns) });
    await world.desk.stands(run, 'paused');
    const { page } = screen;
    await page.goto(world.link(`/runs/${run}?tab=delegations`));
    const row = page.getByRole('row').filter({ hasText: 'cashier' });
    await row.getByText('In force').waitFor();
    await row.getByText('control: pays').waitFor();
    await settled(page);
    expect([await axeFaults(page), await sideways(page)]).toEqual([[], 0]);
    await row.getByRole('button', { name: 'Take back from cashier' }).click();
    const asking = page.getByRole('dialog', { name: 'Take back what cashier was given' });
    const sure = asking.getByRole('button', { name: 'Take back' });
    await asking.getByLabel('Reason').waitFor();
    expect(await sure.isDisabled()).toBe(true);
    await asking.getByLabel('Reason').fill('the wrong till');
    await sure.click();
    await row.getByText('Taken back').waitFor();
    await row.getByText('the wrong till').waitFor();
    await row.getByRole('button', { name: /Take back/ }).waitFor({ state: 'detached' });
    await page.goto(`${world.url}/ask?q=${encodeURIComponent('who reaches tool:look from clerk')}`);
    const ways = page.getByRole('table', { name: 'Who reaches it' });
    await ways.getByText('itself').waitFor();
    await ways.getByText('cashier').waitFor();
  });

  it('draws waits as stretches of their own, and folds what is long beside the work', async () => {
    await open('waits');
    await screen.page
      .getByText(/Waiting for a signal/)
      .first()
      .waitFor();
    await open('asks');
    await screen.page
      .getByText(/Waiting for approval/)
      .first()
      .waitFor();
    await grid()
      .getByRole('button', { name: /^Approval asked for/ })
      .waitFor();
  });

  it('verifies all of its evidence in the browser', async () => {
    await screen.page.goto(world.link(`/runs/${world.runs['refused']}?tab=audit`, true));
    await screen.page.getByRole('button', { name: 'Verify this run' }).click();
    await screen.page.getByText('Intact').waitFor();
  });

  it('shows markup of a payload as text, in every place that shows payloads', async () => {
    const input = { ...say(world.desk, 'console-markup', [{ text: MARKUP }]), note: MARKUP, [MARKUP]: true };
    const run = await world.desk.start({ workflow: 'desk', input });
    await world.desk.stands(run, 'succeeded');
    const { page } = screen;
    for (const search of ['', '?tab=conversation', '?tab=decisions', '?tab=audit', '?tab=raw', '?view=step&step=s1']) {
      await page.goto(world.link(`/runs/${run}${search}`));
      await page.getByRole('heading', { level: 1 }).waitFor();
      await settled(page);
      expect(
        await page.evaluate<unknown>(
          '[window.hurt, document.querySelector("#bold"), document.querySelector("main img")]',
        ),
      ).toEqual([undefined, null, null]);
    }
    await page.goto(world.link(`/runs/${run}?tab=raw`));
    await page.getByText('onerror="window.hurt=1"').first().waitFor();
    await page.goto(world.link(`/runs?q=${encodeURIComponent(`"${MARKUP.replaceAll('"', '\\"')}"`)}`));
    await page.getByText('No run matches').waitFor();
    expect(await page.evaluate<unknown>('window.hurt')).toBeUndefined();
  });

  it('goes on where it was when the connection was cut: nothing lost, nothing twice', async () => {
    const run = await world.desk.start({ workflow: 'waits' });
    await world.desk.stands(run, 'waiting_external');
    const { page, complaints } = screen;
    const heard: string[] = [];
    await page.exposeFunction('heard', (id: string) => void heard.push(id));
    await page.goto(`http://127.0.0.1:${relay.port}/runs/${run}#key=${world.apiKey}`);
    await page.getByRole('button', { name: /^Live/ }).waitFor();
    const resumed: (string | undefined)[] = [];
    page.on('request', (request) => {
      if (request.headers()['accept'] === 'text/event-stream') resumed.push(request.headers()['last-event-id']);
    });
    for (let cut = 0; cut < 3; cut++) {
      // Nobody answers until it has said so.
      relay.point(null);
      relay.cut();
      await page.getByRole('button', { name: /^Reconnecting/ }).waitFor();
      relay.point(Number(new URL(world.url).port));
      await page.getByRole('button', { name: /^Live/ }).waitFor();
    }
    relay.cut();
    const { tenant } = world.desk.scenario;
    const caller = world.desk.as('user:boss');
    await world.desk.engine.commands.signal({ tenant, run, name: 'go', payload: null, caller });
    await page.getByRole('button', { name: /^Final/ }).waitFor();
    await page.locator('header').getByText('Succeeded').waitFor();
    expect(resumed.length).toBeGreaterThanOrEqual(4);
    expect(resumed.every((id) => id !== undefined && Number(id) >= 0)).toBe(true);
    expect(complaints.splice(0).every((text) => /ERR_|Failed to (load|fetch)/.test(text))).toBe(true);
  });

  it('says so when there is no such run', async () => {
    await screen.page.goto(world.link('/runs/run_01k8x0q3wsf5z8k2m4n6p8r0t2'));
    await screen.page.getByText('There is no such thing here').waitFor();
    await settled(screen.page);
    expect(screen.complaints.splice(0).every((text) => text.includes('404'))).toBe(true);
  });
});
