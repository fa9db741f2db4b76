// What the operations page says while Redis, Postgres or the operations service is away, and when it is back.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type OperatedPrivateStack, startPrivateStack } from '@kasabi/test/support/private-servers';
import type { Browser } from 'playwright-core';
import { launchBrowser } from './support/browser.ts';
import {
  assertGood,
  looks,
  type OperatorPage,
  openPage,
  operatorPassword,
  signIn,
} from './support/pages.ts';

let stack: OperatedPrivateStack;
let browser: Browser;
let open: OperatorPage[];

/** Does the same on the page at each width, light and dark. */
async function onEach(step: (one: OperatorPage) => Promise<void>): Promise<void> {
  await Promise.all(open.map(step));
}

before(async () => {
  stack = await startPrivateStack({ operatorPassword });
  browser = await launchBrowser();
  open = await Promise.all(
    looks.map((look) => openPage(browser, look, `${stack.operations.url}/ops`)),
  );
  await onEach(async ({ page }) => {
    await signIn(page);
    await page.getByText('All is well: workers').waitFor();
    await page.evaluate('window.isTheSame = true');
  });
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

describe('the operations page', () => {
  it('says that Redis does not answer, and that it is back', async () => {
    await stack.redis.stop();
    await onEach(async ({ page }) => {
      await page.locator('#findings').getByText('Redis does not answer').waitFor();
      await page.locator('#workers').getByText('does not answer').waitFor();
      await page.locator('.pill.critical').waitFor();
      await assertGood(page, 'without Redis');
    });
    await stack.redis.start();
    await onEach(async ({ page }) => {
      await page.locator('#workers').getByText('answers', { exact: true }).waitFor();
      await page.locator('.finding.critical').waitFor({ state: 'detached' });
    });
  });

  it('keeps what it showed while Postgres is away, says so and how old it is', async () => {
    await stack.postgres.stop();
    await onEach(async ({ page }) => {
      await page.locator('#trouble').getByText('Postgres does not answer').waitFor();
      await page.locator('#tiles').getByText('Scheduled').waitFor();
      await page.locator('#age', { hasText: /^([5-9]|\d\d) s ago$/ }).waitFor();
      await page.getByText('All is well').first().waitFor({ state: 'hidden' });
      assert.match((await page.locator('#as-of').textContent()) ?? '', /^\d\d:\d\d:\d\d UTC$/);
      const style = (selector: string, property: string): Promise<unknown> =>
        page.evaluate(
          `getComputedStyle(document.querySelector('${selector}')).getPropertyValue('${property}')`,
        );
      const grey = await style('.age #as-of', 'color');
      assert.notEqual(grey, await style('main .quiet', 'color'), 'how old it is stands out');
      assert.equal(await style('#workers .good', 'color'), await style('main .quiet', 'color'));
      assert.equal(await style('#tiles .value', 'font-weight'), '400');
      await assertGood(page, 'without Postgres');
    });
    const [one] = open;
    assert.ok(one !== undefined);
    const other = await one.context.newPage();
    await other.goto(`${stack.operations.url}/ops`);
    await other.locator('#trouble').getByText('Postgres does not answer').waitFor();
    await other.locator('#tiles').getByText('Scheduled').waitFor();
    await other.goto(`${stack.operations.url}/ops/audit`);
    await other.getByRole('heading', { name: 'Postgres does not answer' }).waitFor();
    await assertGood(other, 'a page that was never read');
    await other.close();
    await stack.postgres.start();
    await onEach(async ({ page }) => {
      await page.locator('#trouble p').waitFor({ state: 'detached' });
      assert.equal(await page.evaluate('window.isTheSame'), true, 'no page was loaded');
    });
  });

  it('says that the operations service does not answer', async () => {
    await stack.operations.stop();
    await onEach(async ({ page }) => {
      const said = page.locator('#trouble').getByText('The operations service does not answer.');
      await said.waitFor();
    });
  });
});
