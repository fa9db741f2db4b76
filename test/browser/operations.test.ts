// What an operator sees and does on the operations page, in a real browser, at desktop and phone width,
// light and dark.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { QUEUE_NAME } from '@kasabi/queue';
import { type OperatedStack, startStack } from '@kasabi/test/support';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './support/browser.ts';
import { lockAbandoned, makeFailed, submit } from './support/make-jobs.ts';
import {
  assertGood,
  type Look,
  looks,
  type OperatorPage,
  openPage,
  operatorPassword,
  signIn,
} from './support/pages.ts';
import { walkThroughSearches } from './support/search-walk.ts';

let stack: OperatedStack;
let browser: Browser;

before(async () => {
  stack = await startStack({ operatorPassword });
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  await stack?.stop();
});

const badge = (page: Page, status: string) => page.locator('#job .badge', { hasText: status });

// Two at once: half of the time each waits for the page to update.
describe('the operations page', { concurrency: 2 }, () => {
  for (const look of looks) describe(look.join(', '), { concurrency: 1 }, () => walkThrough(look));
});

describe('the view of the queue', () => {
  it('shows what Redis holds, and changes nothing', async () => {
    const id = await submit(stack, 1_800_000);
    const { page, context } = await openPage(
      browser,
      looks[0],
      `${stack.operationsUrl}/ops/queues/`,
    );
    await signIn(page);
    await page.goto(`${stack.operationsUrl}/ops/queues/queue/${QUEUE_NAME}?status=delayed`);
    await page.getByText(id).first().waitFor();
    await page.getByRole('link', { name: 'Its page' }).first().waitFor();
    const pause = `fetch('/ops/queues/api/queues/${QUEUE_NAME}/pause', { method: 'PUT' }).then((it) => it.status)`;
    assert.equal(await page.evaluate(pause), 403);
    await context.close();
  });
});

function walkThrough(look: Look): void {
  // In each test's name as well, since the watch over hanging tests knows them by name.
  const name = look.join(' ');
  let open: OperatorPage;
  let page: Page;
  const ops = (path = ''): string => `${stack.operationsUrl}/ops${path}`;
  const go = async (path: string): Promise<void> => {
    await page.goto(ops(path));
    await assertGood(page, path);
  };

  before(async () => {
    open = await openPage(browser, look, ops());
    page = open.page;
  });
  after(async () => {
    await open?.context.close();
    assert.deepEqual(open?.complaints, []);
  });

  it(`lets in who knows the password (${name})`, async () => {
    await assertGood(page, 'the sign-in');
    await signIn(page);
    await page.waitForURL(ops());
    await page.getByText('Scheduled', { exact: true }).waitFor();
    await assertGood(page, 'the first page');
  });

  it(`shows a job go from scheduled to completed without a reload (${name})`, async () => {
    const id = await submit(stack, 8_000);
    await page.goto(ops(`/jobs/${id}`));
    await badge(page, 'scheduled').waitFor();
    await page.evaluate('window.isTheSame = true');
    await badge(page, 'completed').waitFor();
    await page.getByText('It completed').waitFor();
    assert.equal(await page.evaluate('window.isTheSame'), true, 'no page was loaded');
    await assertGood(page, 'an ended job');
  });

  it(`cancels a scheduled job when asked twice, and repeats only one that failed (${name})`, async () => {
    const id = await submit(stack, 3_600_000);
    await go(`/jobs/${id}`);
    await page.getByRole('link', { name: 'Cancel this job' }).click();
    await page.getByRole('heading', { name: 'Cancel this job?' }).waitFor();
    await assertGood(page, 'the question before cancelling');
    await page.getByRole('link', { name: 'Do nothing' }).click();
    await badge(page, 'scheduled').waitFor();
    await page.getByRole('link', { name: 'Cancel this job' }).click();
    await page.getByRole('button', { name: 'Cancel the job' }).click();
    await page.getByText('The job is cancelled.').waitFor();
    await badge(page, 'cancelled').waitFor();
    await page.getByText('Cancelled by an operator before it started.').first().waitFor();
    assert.equal(await page.getByRole('link', { name: 'Repeat this job' }).count(), 0);
    await assertGood(page, 'a cancelled job');
    await go(`/jobs/${id}/retry`);
    await page.getByRole('button', { name: 'Repeat the job' }).click();
    await page.getByText('A cancelled job cannot be repeated.').waitFor();

    await makeFailed(stack, id);
    await go(`/jobs/${id}`);
    await badge(page, 'failed').waitFor();
    await assertGood(page, 'a failed job');
    await page.getByRole('link', { name: 'Repeat this job' }).click();
    await assertGood(page, 'the question before repeating');
    await page.getByRole('button', { name: 'Repeat the job' }).click();
    await page.getByText('The job is repeated').waitFor();
    assert.ok(!page.url().includes(id), 'the page is that of another job');
    await badge(page, 'completed').waitFor();
    await page.locator('dt', { hasText: 'Repeats' }).waitFor();

    await go(`/jobs/${id}/retry`);
    await page.getByRole('button', { name: 'Repeat the job' }).click();
    await page.getByText('This job was already repeated').waitFor();
    await go('/audit');
    const rows = page.getByRole('row').filter({ hasText: id.slice(0, 13) });
    assert.equal(await rows.count(), 4);
    assert.match((await rows.allTextContents()).join(), /repeated.*done.*cancelled.*done/s);
    // The refusal is an answer of its own, and the browser notes that.
    open = { ...open, complaints: open.complaints.filter((text) => !text.includes('409')) };
  });

  it(`shows a locked dataset, and unlocks it when no running job holds the lock (${name})`, async () => {
    const code = `locked-${look.join('-')}`;
    await lockAbandoned(stack, code);
    await page.goto(ops());
    const row = page.locator('#locked').getByRole('row').filter({ hasText: code });
    await row.getByText('no such job').waitFor();
    await page.locator('#findings').getByText(`The dataset ${code} has been read-only`).waitFor();
    await assertGood(page, 'the first page with a finding');
    const finding = page.locator('#findings li').filter({ hasText: code });
    await finding.getByRole('link', { name: 'Acknowledge' }).click();
    await page.getByLabel('Note').fill('known to the owner');
    await assertGood(page, 'the question before acknowledging');
    await page.getByRole('button', { name: 'Acknowledge the finding' }).click();
    await page.getByText('The finding is acknowledged').waitFor();
    await page.locator('#findings li.acknowledged').filter({ hasText: code }).waitFor();
    await page.getByText('known to the owner').first().waitFor();
    await assertGood(page, 'the first page with an acknowledged finding');
    await finding.getByRole('link', { name: 'Withdraw…' }).click();
    await page.getByRole('button', { name: 'Withdraw it' }).click();
    await page.getByText('The acknowledgement is withdrawn').waitFor();
    await finding.getByRole('link', { name: 'Unlock…' }).waitFor();
    await finding.getByRole('link', { name: code }).click();
    await page.getByText('read-only').first().waitFor();
    await assertGood(page, 'a locked dataset');
    await page.getByRole('link', { name: 'Unlock…' }).click();
    await page.getByRole('button', { name: 'Unlock the dataset' }).click();
    await page.getByText('The dataset is unlocked').waitFor();
    await page.locator('#dataset .badge', { hasText: 'read-write' }).waitFor();
  });

  walkThroughSearches({
    name,
    page: () => page,
    stack: () => stack,
    go,
    expect: (complaint) => {
      const complaints = open.complaints.filter((text) => !text.includes(complaint));
      open = { ...open, complaints };
    },
  });

  it(`is operated by keyboard, and leaves focus and text alone when it updates (${name})`, async () => {
    await page.goto(ops('/jobs'));
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to the content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate('document.activeElement.id'), 'main');
    await page.keyboard.press('Tab');
    await page.keyboard.type('half a wor');
    const id = await submit(stack, 9_000_000);
    await page.getByRole('link', { name: id.slice(0, 13) }).waitFor();
    await page.keyboard.type('d');
    assert.equal(await page.getByLabel('Job or dataset').inputValue(), 'half a word');
    await page.locator('#found').getByRole('link').first().focus();
    const focused = (): Promise<unknown> => page.evaluate('document.activeElement.title');
    const before = await focused();
    const later = await submit(stack, 9_100_000);
    await page.getByRole('link', { name: later.slice(0, 13) }).waitFor();
    assert.equal(await focused(), before);
  });

  it(`lets out who signs out (${name})`, async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(/sign-in/);
    await page.goto(ops('/jobs'));
    assert.match(page.url(), /sign-in\?next=/);
  });
}
