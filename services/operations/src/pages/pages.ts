import { type Html, html, readJobId, readShortCode } from '@kasabi/http';
import { auditPageOf, readAudit } from './audit-view.ts';
import { readDataset } from './dataset-view.ts';
import { datasetQueryOf, readDatasets, renderDatasetSearch } from './datasets-view.ts';
import { renderBar } from './findings-view.ts';
import { spans } from './history-view.ts';
import { readJobPage } from './job-view.ts';
import { readFound, renderSearch, searchOf } from './jobs-view.ts';
import type { Place } from './layout.ts';
import { type Links, shortId } from './links.ts';
import type { View } from './live.ts';
import { readNow } from './now-view.ts';
import type { Reads } from './reads.ts';
import { readUpcomingPage } from './upcoming-view.ts';

/** How old a page may get while somebody looks at it, in milliseconds. */
const everyMs = 2_000;

/** A page that updates by itself. */
export interface Page {
  readonly title: string;
  readonly place: Place | undefined;
  /** The part that does not update by itself. */
  readonly head: Html;
  readonly view: View;
}

/** Makes all pages that update by themselves. */
export function createPages(reads: Reads, links: Links) {
  const viewOf = (key: string, read: View['read']): View => ({ key, everyMs, read });
  const heading = (title: string, note = ''): Html =>
    html`<h1>${title}${note !== '' && html` <span class="id quiet">${note}</span>`}</h1>`;

  /** The page at a path and query below `/ops`, if there is one. */
  function find(target: string): Page | undefined {
    if (!target.startsWith('/') || !URL.canParse(target, 'http://here')) return undefined;
    const { pathname, searchParams } = new URL(target, 'http://here');
    const [, section = '', name, ...more] = pathname.split('/');
    if (more.length > 0) return undefined;
    if (name !== undefined) return section === 'jobs' ? jobPage(name) : datasetPage(section, name);
    switch (section) {
      case '': {
        const hours = spans.find((span) => String(span) === searchParams.get('hours')) ?? 3;
        const view = viewOf(`now ${hours}`, () => readNow(reads, links, hours));
        const head = html`<h1 class="visually-hidden">Now</h1>`;
        return { title: 'Now', place: 'now', head, view };
      }
      case 'coming': {
        const view = viewOf('upcoming', () => readUpcomingPage(reads, links));
        return { title: 'Upcoming', place: 'upcoming', head: heading('Upcoming jobs'), view };
      }
      case 'jobs': {
        const search = searchOf(searchParams);
        const view = viewOf(`jobs ${JSON.stringify(search)}`, () =>
          readFound(reads, search, links),
        );
        return { title: 'Jobs', place: 'jobs', head: renderSearch(search, links), view };
      }
      case 'datasets': {
        const query = datasetQueryOf(searchParams);
        const view = viewOf(`datasets ${JSON.stringify(query)}`, () =>
          readDatasets(reads, query, links),
        );
        const head = renderDatasetSearch(query, links);
        return { title: 'Datasets', place: 'datasets', head, view };
      }
      case 'audit': {
        const page = auditPageOf(searchParams);
        const view = viewOf(`audit ${JSON.stringify(page)}`, () => readAudit(reads, page, links));
        return { title: 'Audit', place: 'audit', head: heading('What operators did'), view };
      }
      default:
        return undefined;
    }
  }

  function jobPage(name: string): Page | undefined {
    const id = readJobId(name)?.toLowerCase();
    if (id === undefined) return undefined;
    const view = viewOf(`job ${id}`, () => readJobPage(reads, id, links));
    return { title: `Job ${shortId(id)}`, place: 'jobs', head: heading('Job', id), view };
  }

  function datasetPage(section: string, name: string): Page | undefined {
    const code = readShortCode(name);
    if (section !== 'datasets' || code === undefined) return undefined;
    const view = viewOf(`dataset ${code}`, () => readDataset(reads, code, links));
    return { title: `Dataset ${code}`, place: 'datasets', head: heading(`Dataset ${code}`), view };
  }

  return {
    find,
    /** Shown beside the menu of every page. */
    bar: viewOf('bar', async () => new Map([['bar', renderBar(await reads.health(), links)]])),
  };
}
