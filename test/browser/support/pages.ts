import assert from 'node:assert/strict';
import axe from 'axe-core';
import type { Browser, BrowserContext, ConsoleMessage, Page } from 'playwright-core';
import { sizes } from './browser.ts';

/** In how many ways each page is looked at. */
export const looks = [
  ['desktop', 'light'],
  ['desktop', 'dark'],
  ['phone', 'light'],
  ['phone', 'dark'],
] as const satisfies readonly (readonly [keyof typeof sizes, 'light' | 'dark'])[];

export type Look = (typeof looks)[number];

export const operatorPassword = 'an-operators-password';

/** A page of an operator. */
export interface OperatorPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the browser complained of, such as something that the security policy forbids. */
  readonly complaints: readonly string[];
}

/** Opens a page of its own in a browser, at the sign-in. */
export async function openPage(
  browser: Browser,
  [size, colorScheme]: Look,
  url: string,
): Promise<OperatorPage> {
  const context = await browser.newContext({ viewport: sizes[size], colorScheme });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message: ConsoleMessage) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.goto(url);
  return { page, context, complaints };
}

/** Signs in at the form that a page of an operator begins with. */
export async function signIn(page: Page, password = operatorPassword): Promise<void> {
  await page.getByLabel("Operator's password").fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

// What passes is not told: on a long list that takes half of the time.
const run = "axe.run({ resultTypes: ['violations'] })";

/** Asserts that axe finds nothing, and that nothing is wider than the screen. */
export async function assertGood(page: Page, what: string): Promise<void> {
  // By the debugger: the page's own security policy lets no script in.
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(run)) as axe.AxeResults;
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html}`);
  assert.deepEqual(found, [], `${what}: ${page.url()}`);
  const width = await page.evaluate('document.documentElement.scrollWidth');
  assert.ok(Number(width) <= (page.viewportSize()?.width ?? 0), `${what} is ${width} px wide`);
}
