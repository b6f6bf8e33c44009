import { readFileSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Locator, type Page, type Request } from 'playwright-core';
import { eventually, until } from '../support/until';

export type Look = 'light' | 'dark';

/** The two widths every page is looked at: a desk, and a telephone. */
export const SIZES = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } } as const;
export type Size = keyof typeof SIZES;

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const openBrowser = (executablePath: string): Promise<Browser> =>
  chromium.launch({ executablePath, headless: true, args: ARGS });

export interface Sheet {
  readonly page: Page;
  /** Errors of the page's console and of its scripts, with what was expected of the network left out. */
  readonly complaints: string[];
}

/** A browser nobody has used before, with one page; what it complains of is kept. */
export interface Screen extends Sheet {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

export async function openScreen(
  browser: Browser,
  options: { readonly look?: Look; readonly size?: Size } = {},
): Promise<Screen> {
  const context = await browser.newContext({
    viewport: SIZES[options.size ?? 'desk'],
    colorScheme: options.look ?? 'light',
    timezoneId: 'Europe/Berlin',
    reducedMotion: 'reduce',
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  return { ...(await openSheet(context)), context, close: () => context.close() };
}

/** Another page of a browser: it is signed in where the others are. */
export async function openSheet(context: BrowserContext): Promise<Sheet> {
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  watch(page);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
  return { page, complaints };
}

/** A machine that also runs another suite takes its time; what waits for something waits this long. */
const WAIT_MS = 60_000;

/** What each page has asked for: what is still under way, and how much it ever was. Streams never end and do not count. */
const traffic = new WeakMap<Page, { readonly open: Set<Request>; asked: number }>();

function watch(page: Page): void {
  const seen = { open: new Set<Request>(), asked: 0 };
  traffic.set(page, seen);
  page.on('request', (request) => {
    if (request.headers()['accept'] === 'text/event-stream') return;
    seen.asked += 1;
    seen.open.add(request);
  });
  const over = (request: Request): void => void seen.open.delete(request);
  page.on('requestfinished', over);
  page.on('requestfailed', over);
}

/** Two frames drawn, and every movement that has an end at its end. */
const DRAWN = `(async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  await frame();
  await frame();
  const ending = document.getAnimations().filter((one) => Number.isFinite(one.effect?.getComputedTiming().endTime));
  await Promise.all(ending.filter((one) => one.playState === 'running').map((one) => one.finished.catch(() => 0)));
})()`;

/** Waits until the page has what it asked for, has drawn it, and nothing in it moves. */
export async function settled(page: Page): Promise<void> {
  const seen = traffic.get(page)!;
  for (let before = -1; before !== seen.asked || seen.open.size > 0;) {
    await until('the page to have what it asked for', () => seen.open.size === 0, WAIT_MS);
    before = seen.asked;
    await page.evaluate(DRAWN);
  }
}

/**
 * Goes to a page by the two keys that lead `there`. The first is forgotten after a moment, which is all that a busy machine
 * may need between the two: then they are pressed again.
 */
export const goBy = (page: Page, keys: readonly [string, string], there: Locator): Promise<void> =>
  eventually(async () => {
    for (const key of keys) await page.keyboard.press(key);
    await there.waitFor({ timeout: 3_000 });
  });

/** The page as it stands, in other colours or at another width, as when somebody turns the night mode on. */
export async function wear(page: Page, look: Look, size: Size): Promise<void> {
  await page.emulateMedia({ colorScheme: look });
  await page.setViewportSize(SIZES[size]);
  await settled(page);
}

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What depends on colours: all that can be otherwise by night, on a page that was right by day. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** What the accessibility check finds wrong with the page as it stands, each with its element. */
export async function axeFaults(page: Page, of: 'all' | 'colours' = 'all'): Promise<string[]> {
  await settled(page);
  if (!(await page.evaluate<boolean>(`'axe' in window`))) await page.evaluate(AXE);
  const run = `axe.run(document, { runOnly: ${JSON.stringify(of === 'all' ? RULES : COLOURS)}, resultTypes: ['violations'] })`;
  const { violations } = await page.evaluate<{ violations: readonly Violation[] }>(run);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(
      (node) => `${id}: ${node.html.slice(0, 160)} (${node.failureSummary.replace(/\s+/g, ' ').slice(0, 240)})`,
    ),
  );
}

/** How far the page can be scrolled sideways, in pixels. */
export const sideways = (page: Page): Promise<number> =>
  page.evaluate<number>(
    `Math.max(...[document.documentElement, document.querySelector('#page')].map((e) => e ? e.scrollWidth - e.clientWidth : 0))`,
  );

/** Longer than the page puts off what it asks. */
const STILL_MS = 300;
const CONTENT = 'h1, [role=grid], [role=treegrid], aside, [role=tablist], [aria-label="Parts of the query"]';

/**
 * What a page says: its list, its panel, its query, its tabs. Left out is what moves by itself: the axis of a window that
 * ends now, and how long an answer took.
 */
const read = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll('main ' + ${JSON.stringify(CONTENT)}.replaceAll(', ', ', main '))].map((e) => e.innerText)`,
  );

/** What the page says once it has stopped changing: requests may come back in any order. */
export async function words(page: Page): Promise<string[]> {
  for (let before = ''; ;) {
    await settled(page);
    const now = await read(page);
    if (JSON.stringify(now) === before) return now;
    before = JSON.stringify(now);
    await page.waitForTimeout(STILL_MS);
  }
}
