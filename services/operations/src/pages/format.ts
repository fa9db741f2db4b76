import { type Html, html } from '@kasabi/http';
import { formatDuration } from '@kasabi/operations';

/** A short time to the millisecond, a longer one as everywhere. Takes milliseconds. */
export const brief = (ms: number): string =>
  ms < 999.5 ? `${Math.round(ms)} ms` : formatDuration(ms);

/** A duration of whole seconds, for what changes while it is read. */
export const inSeconds = (ms: number): string =>
  formatDuration(Math.floor(ms / 1_000) * 1_000).replace('.0', '');

/** A moment seen from another: `3 s ago`, `in 2 min`, `now`. */
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

/** A moment in UTC, to the second; of today only the time of day. */
export const time = (at: Date, now: Date): Html =>
  written(`${at.toISOString().slice(0, 19)}Z`, now);

/** The same to the millisecond. */
export const exactTime = (at: Date, now: Date): Html => written(at.toISOString(), now);

function written(iso: string, now: Date): Html {
  const today = iso.slice(0, 10) === now.toISOString().slice(0, 10);
  const shown = today ? iso.slice(11, -1) : iso.slice(0, -1).replace('T', ' ');
  return html`<time datetime="${iso}" title="${iso}">${shown} UTC</time>`;
}

/** A moment in UTC and how far it is. */
export const timeAndDistance = (at: Date, now: Date): Html =>
  html`${time(at, now)} <span class="quiet nowrap">${relative(at, now)}</span>`;

/** A count with a thin space between thousands. */
export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');

/** `1 job`, `2 jobs`. */
export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;
