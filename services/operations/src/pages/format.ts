import { type Html, html } from '@kasabi/http';
import { formatDuration } from '@kasabi/operations';

/** Formats milliseconds: less than a second to the millisecond, more like `formatDuration`. */
export const brief = (ms: number): string =>
  ms < 999.5 ? `${Math.round(ms)} ms` : formatDuration(ms);

/** Formats milliseconds in whole seconds, for values that change while somebody reads them. */
export const inSeconds = (ms: number): string =>
  formatDuration(Math.floor(ms / 1_000) * 1_000).replace('.0', '');

/** A moment relative to another: `3 s ago`, `in 2 min`, `now`. */
export function relative(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  if (Math.abs(ms) < 1_000) return 'now';
  return ms < 0 ? `${inSeconds(-ms)} ago` : `in ${inSeconds(ms)}`;
}

/** A moment in UTC, to the second, as text. */
export const plainTime = (at: Date): string =>
  `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** The time of day in UTC, to the second, as text. */
export const timeOfDay = (at: Date): string => `${at.toISOString().slice(11, 19)} UTC`;

/** The time of day in UTC, to the minute, without the zone. */
export const clock = (at: Date): string => at.toISOString().slice(11, 16);

/** A moment in UTC, to the second; for today only the time of day. */
export const time = (at: Date, now: Date): Html =>
  written(`${at.toISOString().slice(0, 19)}Z`, now);

/** The same to the millisecond. */
export const exactTime = (at: Date, now: Date): Html => written(at.toISOString(), now);

function written(iso: string, now: Date): Html {
  const today = iso.slice(0, 10) === now.toISOString().slice(0, 10);
  const shown = today ? iso.slice(11, -1) : iso.slice(0, -1).replace('T', ' ');
  return html`<time datetime="${iso}" title="${iso}">${shown} UTC</time>`;
}

/** A moment in UTC and how far away it is. */
export const timeAndDistance = (at: Date, now: Date): Html =>
  html`${time(at, now)} <span class="quiet nowrap">${relative(at, now)}</span>`;
