import type { Browser, Route } from 'playwright-core';
import { describeWithBrowser } from '../support/chromium';
import { eventually } from '../support/until';
import { openBrowser, openScreen, type Screen, words } from './browser';
import { openWorld, type World } from './world';

describeWithBrowser('the audit explorer', (executable) => {
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

  const open = async (path: string, vouched = false): Promise<void> => {
    await screen.page.goto(world.link(path, vouched));
    await screen.page.getByRole('grid', { name: 'Audit events' }).waitFor();
  };
  const rows = () => screen.page.locator('[role=rowgroup] > [role=row]');
  /** Opens the proof of the first refusal of the list. */
  const prove = async (): Promise<void> => {
    await rows().first().click();
    await screen.page.getByRole('button', { name: 'Verify in this browser' }).click();
  };
  const DENIALS = '/audit?q=decision:deny';

  it('is the same screen for whoever opens the copied address', async () => {
    await open('/audit?q=decision:deny+type:action.*&sort=time&by=decision&from=-7d');
    await rows().first().click();
    await screen.page.getByText('Place in run').waitFor();
    await screen.page.waitForURL(/sel=evt_/);
    const address = screen.page.url();
    const seen = await words(screen.page);
    const other = await openScreen(browser);
    await other.page.goto(`${address}#key=${world.apiKey}`);
    await other.page.getByText('Place in run').waitFor();
    await eventually(() => expect(other.page.url()).toBe(address));
    expect(await words(other.page)).toEqual(seen);
    await other.close();
  });

  it('goes on by itself where a search stopped before it found anything', async () => {
    await screen.page.route(/\/v1\/audit\/events\?/, async (route) => {
      const url = new URL(route.request().url());
      const further = url.searchParams.get('cursor') === 'later';
      url.searchParams.delete('cursor');
      const response = await route.fetch({ url: url.href });
      const page = (await response.json()) as { readonly coverage: object };
      const nothingYet = {
        data: [],
        has_more: true,
        next_cursor: 'later',
        coverage: { ...page.coverage, complete: false, reached: '2026-01-01T00:00:00.000Z' },
      };
      await route.fulfill(further ? { response } : { response, json: nothingYet });
    });
    await open(DENIALS);
    await rows().first().waitFor();
  });

  it('undoes the last filter with Back', async () => {
    await open('/audit');
    await screen.page.getByRole('button', { name: 'Denials' }).click();
    await screen.page.waitForURL(/q=decision:deny/);
    await screen.page.getByRole('button', { name: 'Stops' }).click();
    await screen.page.waitForURL(/q=type:stop/);
    await screen.page.goBack();
    await screen.page.waitForURL(/q=decision:deny/);
    const query = screen.page.getByRole('combobox', { name: 'Query' });
    await eventually(async () => expect(await query.inputValue()).toBe('decision:deny'));
    await screen.page.goBack();
    await screen.page.waitForURL(/\/audit$/);
  });

  it('is worked with the keyboard alone', async () => {
    await open('/audit', true);
    const { page } = screen;
    for (const key of ['j', 'j', '.', 'o']) await page.keyboard.press(key);
    await page.getByRole('complementary').waitFor();
    await page.getByRole('tab', { name: 'Event' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.getByText('Unchanged, and in the log').waitFor();
    await page.keyboard.press('ArrowRight');
    await page.getByText('To compare by hand').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
  });

  it('shows green only when everything holds under a key that was pinned: step by step to the signed root', async () => {
    await open(DENIALS, true);
    await prove();
    const { page } = screen;
    await page.getByText('Unchanged, and in the log').waitFor();
    const standing = `[...document.querySelectorAll('[data-standing]')].map((one) => one.dataset.standing)`;
    await eventually(async () => expect(await page.evaluate<string[]>(standing)).toEqual(Array(4).fill('holds')));
    await page.getByText('That is the root in the checkpoint.').waitFor();
    await page.getByText('It does not prove').waitFor();
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download .tlog-proof' }).click(),
    ]);
    expect(saved.suggestedFilename()).toMatch(/^evt_\w+\.tlog-proof$/);
    // The second check compares with the head that the first one saw.
    await page.getByRole('button', { name: 'Verify again' }).click();
    await page.getByText(/head of \d+ events that this browser saw before/).waitFor();
  });

  it('gives no green tick for a key that only the server names, and pins none that was not compared', async () => {
    await open(DENIALS);
    await prove();
    const { page } = screen;
    await page.getByText('Whole, but nobody here vouches for the key').waitFor();
    expect(await page.locator('[data-verdict=proven]').count()).toBe(0);
    await page.getByLabel('Key id or key from another source').fill('00000000');
    await page.getByRole('button', { name: 'Pin', exact: true }).click();
    await page.getByText('That is not the id of the key that signed').waitFor();
    expect(await page.evaluate<string | null>(`localStorage.getItem('writ-log-keys')`)).toBeNull();
    await page.getByLabel('Key id or key from another source').fill(world.logKey.split('+')[1]!);
    await page.getByRole('button', { name: 'Pin', exact: true }).click();
    await page.getByText('Unchanged, and in the log').waitFor();
  });

  type Answer = { [member: string]: unknown };
  const flip = (base64: string): string => (base64.startsWith('A') ? 'B' : 'A') + base64.slice(1);

  it.each<readonly [what: string, path: string, change: (answer: Answer) => void, said: RegExp]>([
    [
      'a byte of the event',
      '/v1/audit/events/evt_*',
      (a) => (a['raw'] = String(a['raw']).replace('deny', 'denY')),
      /are not the same/,
    ],
    [
      'the event and its hash together',
      '/v1/audit/events/evt_*',
      (a) => (a['hash'] = `${String(a['hash']).slice(0, -1)}${String(a['hash']).endsWith('0') ? '1' : '0'}`),
      /do not have the fingerprint/,
    ],
    [
      'a hash of the proof',
      '/v1/audit/events/*/proof',
      (a) => void ((a['proof'] as string[])[0] = flip((a['proof'] as string[])[0]!)),
      /does not end at the signed root/,
    ],
    [
      'a step left out',
      '/v1/audit/events/*/proof',
      (a) => void (a['proof'] as string[]).pop(),
      /does not have the length/,
    ],
    [
      'the place in the log',
      '/v1/audit/events/*/proof',
      (a) => (a['index'] = Number(a['index']) + 1),
      /another place in the log/,
    ],
    [
      'the signed head',
      '/v1/audit/events/*/proof',
      (a) =>
        (a['checkpoint'] = String(a['checkpoint']).replace(
          /\n(.)(.*)\n\n/,
          (_, first: string, rest: string) => `\n${flip(first + rest)}\n\n`,
        )),
      /does not end at the signed root|signature/,
    ],
    [
      'the log it is of',
      '/v1/audit/events/*/proof',
      (a) => (a['checkpoint'] = String(a['checkpoint']).replace(/^writ\/ten_./, 'writ/ten_7')),
      /another log/,
    ],
  ])(
    'turns red across the page when %s is changed, with index, byte and both hashes',
    async (_what, path, change, said) => {
      const { page } = screen;
      await open(DENIALS, true);
      await page.route(`**${path}`, (route) => tampered(route, path, change));
      await prove();
      const alarm = page.getByRole('alert');
      await alarm.getByText('Verification failed').waitFor();
      await eventually(async () => expect(await alarm.innerText()).toMatch(said));
      for (const fact of ['Index', 'First byte that differs', 'Expected', 'Found'])
        await alarm.getByText(fact).waitFor();
      await eventually(async () => {
        const [bar, whole] = await Promise.all([alarm.boundingBox(), page.locator('main').boundingBox()]);
        expect(bar?.width).toBe(whole?.width);
      });
      expect(await page.locator('[data-verdict=proven]').count()).toBe(0);
    },
  );

  async function tampered(route: Route, path: string, change: (answer: Answer) => void): Promise<void> {
    const isProof = route.request().url().endsWith('/proof');
    if (isProof !== path.endsWith('/proof')) return route.fallback();
    const response = await route.fetch();
    const json = (await response.json()) as Answer;
    change(json);
    await route.fulfill({ response, json });
  }

  it('tells a log that is not the one it saw before', async () => {
    await open(DENIALS, true);
    const { page } = screen;
    await prove();
    await page.getByText('Unchanged, and in the log').waitFor();
    await page.evaluate(
      `localStorage.setItem('writ-log-heads', localStorage.getItem('writ-log-heads').replace(/"root":"./, '"root":"/'))`,
    );
    await page.getByRole('button', { name: 'Verify again' }).click();
    await page.getByRole('alert').getByText('not the log this browser saw before').waitFor();
  });

  it('verifies the whole log with progress, and names what was changed in it', async () => {
    await open('/audit', true);
    const { page } = screen;
    await page.getByRole('button', { name: 'Verify…' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Verify', exact: true }).click();
    await dialog.getByText('Intact').waitFor();
    await page.route('**/v1/audit/export*', async (route) => {
      const response = await route.fetch();
      const body = (await response.text()).replace('"verdict":"deny"', '"verdict":"allow"');
      await route.fulfill({ response, body });
    });
    await dialog.getByRole('button', { name: 'Verify', exact: true }).click();
    await dialog.getByText('Verification failed').waitFor();
    const first = dialog.getByLabel('Problems').getByRole('listitem').first();
    for (const fact of ['Index', 'Byte in the export', 'Expected', 'Found']) await first.getByText(fact).waitFor();
  });

  it('shows the bytes exactly as they were hashed', async () => {
    await open(DENIALS);
    await rows().first().click();
    await screen.page.getByRole('tab', { name: 'Bytes' }).click();
    const raw = await screen.page.getByLabel('Canonical JSON, exactly as hashed').innerText();
    const hash = await screen.page.evaluate<string>(
      `(async () => [...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(${JSON.stringify(raw)})))].map((b) => b.toString(16).padStart(2, '0')).join(''))()`,
    );
    await screen.page.getByText(hash).waitFor();
  });
});
