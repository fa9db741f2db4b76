import { type Html, html } from '@kasabi/http';
import { type Assets, styleSheets } from './assets.ts';
import { inSeconds, timeOfDay } from './format.ts';
import type { Links } from './links.ts';
import type { Sections, Shown } from './live.ts';

/** The entries of the menu. */
export type Place = 'now' | 'upcoming' | 'jobs' | 'datasets' | 'audit' | 'queues';

export interface PageParts {
  readonly title: string;
  readonly place?: Place | undefined;
  /** The part that does not update by itself: headings, forms. */
  readonly head: Html;
  /** The part that does, with the path and query that identify it; a page without it does not update. */
  readonly live?:
    | { readonly target: string; readonly bar: Shown; readonly main: Shown }
    | undefined;
  /** The session's token, for the sign-out. */
  readonly formToken: string;
}

/** Makes the layout of all pages. */
export function createLayout(links: Links, assets: Assets) {
  const { base } = links;
  const menu: readonly (readonly [Place, string, string])[] = [
    ['now', 'Now', base],
    ['upcoming', 'Upcoming', links.upcoming],
    ['jobs', 'Jobs', links.jobs()],
    ['datasets', 'Datasets', links.datasets()],
    ['audit', 'Audit', links.audit()],
    ['queues', 'Queues', links.queues],
  ];

  const document = (title: string, attributes: Html, body: Html): string =>
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Kasabi Jobs operations</title>
<link rel="icon" type="image/svg+xml" href="${assets.url('icon.svg')}">
${styleSheets.map((name) => html`<link rel="stylesheet" href="${assets.url(name)}">\n`)}
<script type="module" src="${assets.url('live.js')}"></script>
</head>
<body${attributes}>
${body}
</body>
</html>
`.text;

  return {
    /** A page with the menu. */
    page({ title, place, head, live, formToken }: PageParts): string {
      const trouble = live?.main.trouble ?? live?.bar.trouble;
      const ageMs = Math.round(live?.main.ageMs ?? 0);
      const attributes =
        live === undefined
          ? html``
          : html` data-base="${base}" data-view="${live.target}" data-age="${ageMs}"${trouble !== undefined && html` data-stale`}`;
      return document(
        title,
        attributes,
        html`<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="${base}"><img src="${assets.url('icon.svg')}" alt="" width="22" height="22">Kasabi Jobs</a>
<nav aria-label="Operations"><ul>${menu.map(
          ([name, label, href]) =>
            html`<li><a href="${href}"${name === place && html` aria-current="page"`}>${label}</a></li>`,
        )}</ul></nav>
<div class="state">${live !== undefined && html`${sectionsOf(live.bar.sections)}<span class="age quiet">as of <span id="as-of">${timeOfDay(new Date(Date.now() - ageMs))}</span>, <span id="age">${inSeconds(ageMs)} ago</span></span>`}</div>
<form method="post" action="${base}/sign-out"><input type="hidden" name="token" value="${formToken}"><button class="plain" type="submit">Sign out</button></form>
</header>
<div id="trouble" class="trouble" role="status">${trouble !== undefined && html`<p>${trouble}</p>`}</div>
<main id="main" class="${place ?? ''}" tabindex="-1">
${head}
${live !== undefined && sectionsOf(live.main.sections)}
</main>`,
      );
    },
    /** A page for those who have not signed in. */
    bare: (title: string, body: Html): string =>
      document(title, html` class="bare"`, html`<main id="main">${body}</main>`),
  };
}

export type Layout = ReturnType<typeof createLayout>;

const sectionsOf = (sections: Sections): Html[] =>
  [...sections].map(([id, section]) => html`<div id="${id}" class="live">${section}</div>\n`);
