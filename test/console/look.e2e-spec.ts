import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { ROUTES } from '@writ/contract';
import { describeWithBrowser } from '../support/chromium';
import {
  axeFaults,
  type Look,
  openBrowser,
  openScreen,
  openSheet,
  type Screen,
  sideways,
  type Size,
  SIZES,
  wear,
} from './browser';
import { openWorld, type World } from './world';

/** Where the pictures go: an ignored folder, to be looked at by people. */
const PICTURES = join(__dirname, '..', '..', '.writ', 'pictures');

interface Place {
  readonly name: string;
  readonly path: (world: World) => string;
  readonly ready: (page: Page) => Promise<unknown>;
}

/** As the API gives its own example, with one of each. */
const GUARDRAILS = ROUTES.listGuardrails.responses[200].example;

const PLACES: readonly Place[] = [
  { name: 'runs', path: () => '/runs', ready: (page) => page.getByRole('grid').waitFor() },
  {
    name: 'runs-peek',
    path: ({ runs }) => `/runs?q=-status:succeeded&view=peek&sel=${runs['unknown']}`,
    ready: (page) => page.getByText('Used', { exact: true }).waitFor(),
  },
  {
    name: 'run-timeline',
    path: ({ runs }) => `/runs/${runs['handed_back']}`,
    ready: (page) => page.getByRole('treegrid').waitFor(),
  },
  {
    name: 'run-step',
    path: ({ runs }) => `/runs/${runs['retried']}?view=step&step=s2`,
    ready: (page) => page.getByText('Journal').waitFor(),
  },
  {
    name: 'run-decisions',
    path: ({ runs }) => `/runs/${runs['refused']}?tab=decisions&q2=deny`,
    ready: async (page) => {
      await page.getByRole('grid').locator('[role=rowgroup] > [role=row]').first().click();
      await page.getByText('Question by question').waitFor();
    },
  },
  {
    name: 'run-conversation',
    path: ({ runs }) => `/runs/${runs['refused']}?tab=conversation`,
    ready: (page) => page.getByText('Told:').first().waitFor(),
  },
  {
    name: 'run-audit',
    path: ({ runs }) => `/runs/${runs['refused']}?tab=audit`,
    ready: (page) => page.getByRole('grid').waitFor(),
  },
  {
    name: 'run-people',
    path: ({ runs }) => `/runs/${runs['refused']}?tab=people`,
    ready: (page) => page.getByText('The policy asked nobody about this run.').waitFor(),
  },
  {
    name: 'run-limits',
    path: ({ runs }) => `/runs/${runs['refused']}?tab=limits`,
    ready: (page) => page.getByText('Nothing limits this run').waitFor(),
  },
  { name: 'batches', path: () => '/batches', ready: (page) => page.getByText('There are no batches').waitFor() },
  { name: 'approvals', path: () => '/approvals', ready: (page) => page.getByText('Nothing waits for you').waitFor() },
  { name: 'questions', path: () => '/questions', ready: (page) => page.getByText('Nothing is asked').waitFor() },
  {
    name: 'reviews',
    path: () => '/reviews',
    ready: (page) => page.getByText('Nothing waits to be looked at').waitFor(),
  },
  {
    name: 'inventory',
    path: () => '/inventory',
    ready: (page) => page.getByRole('row', { name: /clerk/ }).first().waitFor(),
  },
  {
    name: 'ask',
    path: () => `/ask?q=${encodeURIComponent('who can run.start workflow:desk')}`,
    ready: (page) => page.getByRole('table', { name: 'Who can' }).waitFor(),
  },
  {
    name: 'policy',
    path: () => '/policy?q=clerk',
    ready: (page) =>
      page
        .getByRole('row', { name: /agent:clerk/ })
        .first()
        .waitFor(),
  },
  {
    name: 'policy-change',
    path: () => '/policy?tab=change',
    ready: async (page) => {
      const text = page.getByLabel('The policy, as YAML');
      await text.fill((await text.inputValue()).replace(/handoff_depth: \d+/, 'handoff_depth: 3'));
      await page.getByRole('button', { name: 'What would it change?' }).click();
      await page.getByText('limit handoff_depth').waitFor();
    },
  },
  {
    name: 'api-keys',
    path: () => '/api-keys',
    ready: (page) => page.getByRole('row', { name: /user:root/ }).waitFor(),
  },
  {
    name: 'guardrails',
    path: () => '/guardrails',
    ready: async (page) => {
      await page.getByText('There are no guardrails').waitFor();
      await page.route('**/v1/guardrails', (route) => route.fulfill({ json: GUARDRAILS }));
      await page.reload();
      await page.getByRole('region', { name: 'Try it out' }).waitFor();
    },
  },
  { name: 'models', path: () => '/models', ready: (page) => page.getByText('scripted, version 1').waitFor() },
  {
    name: 'subscriptions',
    path: () => '/subscriptions',
    ready: (page) => page.getByText('Nobody is told anything').waitFor(),
  },
  { name: 'compare', path: () => '/compare', ready: (page) => page.getByText('Which two?').waitFor() },
  { name: 'audit', path: () => '/audit', ready: (page) => page.getByRole('grid').waitFor() },
  {
    name: 'audit-proof',
    path: () => '/audit?q=decision:deny',
    ready: async (page) => {
      await page.getByRole('grid').locator('[role=rowgroup] > [role=row]').first().click();
      await page.getByRole('button', { name: 'Verify in this browser' }).click();
      await page.getByText('Unchanged, and in the log').waitFor();
    },
  },
  {
    name: 'audit-broken',
    path: () => '/audit?q=decision:deny',
    ready: async (page) => {
      await page.route('**/v1/audit/events/*/proof', async (route) => {
        const response = await route.fetch();
        const json = (await response.json()) as { proof: string[] };
        await route.fulfill({ response, json: { ...json, proof: json.proof.toReversed() } });
      });
      await page.getByRole('grid').locator('[role=rowgroup] > [role=row]').first().click();
      await page.getByRole('button', { name: 'Verify in this browser' }).click();
      await page.getByRole('alert').waitFor();
    },
  },
];

const LOOKS: readonly Look[] = ['light', 'dark'];
const CASES = LOOKS.flatMap((look) => (Object.keys(SIZES) as Size[]).map((size) => [look, size] as const));

describeWithBrowser('every page', (executable) => {
  let world: World;
  let browser: Browser;
  /** For each width one browser that has signed in. */
  const browsers = new Map<Size, Promise<Screen>>();
  const signedIn = (size: Size): Promise<Screen> => {
    const known = browsers.get(size);
    if (known) return known;
    const opening = openScreen(browser, { size }).then(async (screen) => {
      await screen.page.goto(world.link('/runs', true));
      await screen.page.getByRole('grid').waitFor();
      await screen.page.close();
      return screen;
    });
    browsers.set(size, opening);
    return opening;
  };

  beforeAll(async () => {
    mkdirSync(PICTURES, { recursive: true });
    [world, browser] = await Promise.all([openWorld(), openBrowser(executable)]);
  });
  afterAll(async () => {
    await browser?.close();
    await world?.close();
  });

  it.each(PLACES.flatMap((place) => (Object.keys(SIZES) as Size[]).map((size) => [place.name, size, place] as const)))(
    '%s is accessible, complains of nothing and fits its width on a %s, by day and by night',
    async (name, size, place) => {
      const { page, complaints } = await openSheet((await signedIn(size)).context);
      await page.goto(`${world.url}${place.path(world)}`);
      await place.ready(page);
      const found: string[] = [];
      for (const look of LOOKS) {
        await wear(page, look, size);
        const faults = await axeFaults(page, look === LOOKS[0] ? 'all' : 'colours');
        await page.screenshot({ path: join(PICTURES, `${name}-${look}-${SIZES[size].width}.png`) });
        const wide = await sideways(page);
        if (wide > 0) faults.push(`it can be scrolled sideways by ${wide} px`);
        found.push(...faults.map((fault) => `${look}: ${fault}`));
      }
      expect([...found, ...complaints]).toEqual([]);
      await page.close();
    },
  );

  it.each<readonly [name: string, act: (page: Page) => Promise<unknown>]>([
    ['the palette', (page) => page.keyboard.press('Control+k')],
    ['the keys', (page) => page.keyboard.press('?')],
    ['the notices', (page) => page.getByRole('button', { name: /^Notices/ }).click()],
    ['the stops', (page) => page.keyboard.press('Control+Shift+.')],
    ['the time range', (page) => page.getByRole('button', { name: /Last 24 hours/ }).click()],
    ['the profile', (page) => page.getByRole('button', { name: /^Signed in/ }).click()],
    ['the grammar', (page) => page.getByRole('button', { name: 'How to write a query' }).click()],
    ['the completion', async (page) => (await page.keyboard.press('/'), page.keyboard.type('sta'))],
    ['the columns', (page) => page.getByRole('button', { name: 'Columns' }).click()],
  ])('is accessible with %s open', async (name, act) => {
    const screen = await openScreen(browser);
    await screen.page.goto(world.link('/runs'));
    await screen.page.getByRole('grid').waitFor();
    await act(screen.page);
    for (const look of LOOKS) {
      await wear(screen.page, look, 'desk');
      const faults = await axeFaults(screen.page, look === LOOKS[0] ? 'all' : 'colours');
      expect([...faults, ...screen.complaints]).toEqual([]);
      await screen.page.screenshot({ path: join(PICTURES, `${name.replaceAll(' ', '-')}-${look}-1440.png`) });
    }
    await screen.close();
  });

  it('is accessible before anybody has signed in', async () => {
    const screen = await openScreen(browser);
    await screen.page.goto(`${world.url}/`);
    await screen.page.getByLabel('API key').waitFor();
    for (const [look, size] of CASES) {
      await wear(screen.page, look, size);
      await screen.page.screenshot({ path: join(PICTURES, `sign-in-${look}-${SIZES[size].width}.png`) });
      expect([...(await axeFaults(screen.page)), ...screen.complaints]).toEqual([]);
    }
    await screen.close();
  });

  it('takes no style, script, font or picture from anywhere else, and none that stands in the page', async () => {
    const screen = await openScreen(browser);
    const asked: string[] = [];
    screen.page.on('request', (request) => asked.push(request.url()));
    const answer = await screen.page.goto(world.link('/runs'));
    await screen.page.getByRole('grid').waitFor();
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).toMatch(/default-src 'none'/);
    expect(policy).not.toMatch(/unsafe-/);
    expect(asked.filter((url) => !url.startsWith(world.url) && !url.startsWith('data:'))).toEqual([]);
    expect(await screen.page.evaluate<number>(`document.querySelectorAll('style, script:not([src])').length`)).toBe(0);
    await screen.close();
  });
});
