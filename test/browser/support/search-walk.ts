import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createDataset } from '@kasabi/datasets';
import type { OperatedStack } from '@kasabi/test/support';
import { inMs, submitForm } from '@kasabi/test/support/client';
import type { Page } from 'playwright-core';
import { submit } from './make-jobs.ts';
import { assertGood } from './pages.ts';

/** A walk through the pages in one look. Its page and stack are there once its tests run. */
export interface Walk {
  readonly name: string;
  page(): Page;
  stack(): OperatedStack;
  /** Goes to a path below `/ops` and checks the page. */
  go(path: string): Promise<void>;
  /** Takes a complaint of the browser for expected. */
  expect(complaint: string): void;
}

/** Tests of the filters, and of what can be done to all jobs that match one. */
export function walkThroughSearches(walk: Walk): void {
  const { go, stack } = walk;

  it(`cancels all jobs that match a filter, after a question with their number (${walk.name})`, async () => {
    const page = walk.page();
    const code = `bulk-${walk.name.replaceAll(' ', '-')}`;
    await createDataset(stack().database.pool(), { code, owner: stack().owner });
    const of = { ...stack(), dataset: code };
    for (let jobs = 0; jobs < 3; jobs += 1) {
      const wanted = { jobType: 'reset', startTime: inMs(7_200_000) };
      assert.equal((await submitForm(of, wanted)).status, 202);
    }
    await go('/datasets');
    await page.getByLabel('Short code').fill(code);
    await page.getByRole('button', { name: 'Search' }).click();
    const row = page.getByRole('row').filter({ hasText: code });
    await row.getByRole('link', { name: '3', exact: true }).click();
    await page.waitForURL(new RegExp(`dataset=${code}`));
    await assertGood(page, 'the jobs of a dataset');
    await page.getByRole('link', { name: 'Cancel all that are scheduled' }).click();
    const question = `Cancel 3 scheduled jobs of the dataset ${code}?`;
    await page.getByRole('heading', { name: question }).waitFor();
    await assertGood(page, 'the question before cancelling all');
    await page.getByRole('button', { name: 'Cancel 3 jobs' }).click();
    await page.getByText('The result for each job is below').waitFor();
    assert.equal(await page.getByRole('row').filter({ hasText: 'Cancel a job' }).count(), 3);
    await assertGood(page, 'the result for each job');
    await go(`/bulk/cancel?dataset=${code}`);
    await page.getByText('No jobs match, so there is nothing to do.').waitFor();
    await go('/audit');
    await page.getByText(`3 scheduled jobs of the dataset ${code}: 3 done`).waitFor();
  });

  it(`reports a bad filter value, instead of ignoring it (${walk.name})`, async () => {
    const page = walk.page();
    await go('/jobs?status=canceled');
    await page.getByText('There is no status "canceled"; did you mean cancelled?').waitFor();
    await go('/jobs?from=yesterday&type=rest');
    await page.getByText('from must be a time such as').waitFor();
    await page.getByText('did you mean reset?').waitFor();
    assert.equal(await page.locator('#found tbody tr').count(), 0);
    await go('/datasets?state=looked');
    await page.getByText('did you mean locked?').waitFor();
  });

  it(`finds jobs, shows upcoming ones, and says when there is no such page (${walk.name})`, async () => {
    const page = walk.page();
    const id = await submit(stack(), 7_200_000);
    await go('/coming');
    await page
      .locator('#list')
      .getByRole('link', { name: id.slice(0, 13) })
      .waitFor();
    await go('/jobs');
    await page.getByLabel('Job or dataset').fill(id);
    await page.getByLabel('Status').selectOption('scheduled');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.waitForURL(/status=scheduled/);
    assert.equal(await page.locator('#found tbody tr').count(), 1);
    await page.getByLabel('Status').selectOption('running');
    await page.getByRole('button', { name: 'Search' }).click();
    await page.getByText('No jobs match.').waitFor();
    await go(`/datasets/${stack().dataset}`);
    await page.goto(`${stack().operationsUrl}/ops/nowhere`);
    await page.getByRole('heading', { name: 'Nothing here' }).waitFor();
    await assertGood(page, 'an address without a page');
    walk.expect('404');
  });
}
