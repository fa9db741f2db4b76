// Keeps an open page up to date: takes changed sections from the server's event stream, and shows how old the page
// is. The page also works without this script.
import { Idiomorph } from './idiomorph.js';

const { body } = document;
const { base, view } = body.dataset;

/** The pause before reconnecting, in milliseconds. */
const retryMs = 2_000;

/** A session in use is renewed this often, in milliseconds. */
const renewMs = 5 * 60_000;

let stream;
let retry;
let readAt = performance.now() - Number(body.dataset.age);
let renewedAt = performance.now();

function connect() {
  clearTimeout(retry);
  if (stream !== undefined || document.hidden) return;
  stream = new EventSource(`${base}/live?view=${encodeURIComponent(view)}`);
  stream.addEventListener('view', (event) => show(JSON.parse(event.data)));
  stream.addEventListener('error', () => {
    disconnect();
    void explain();
    retry = setTimeout(connect, retryMs);
  });
}

/** Browsers open few connections to a host, so a hidden page leaves its own to others. */
function disconnect() {
  stream?.close();
  stream = undefined;
}

/** Tells the user why there is no stream. */
async function explain() {
  const answer = await fetch(`${base}/session`, { method: 'HEAD' }).catch(() => undefined);
  if (answer?.status === 401) {
    clearTimeout(retry);
    const link = document.createElement('a');
    link.href = `${base}/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
    link.textContent = 'Sign in again';
    tell('Your session has ended, and this page no longer updates.', link);
  } else if (!answer?.ok) {
    tell('The operations service does not answer.');
  }
}

/** Shows a sentence above the page, or removes it. Screen readers announce it once, not at each repetition. */
function tell(sentence, link) {
  const place = document.getElementById('trouble');
  body.toggleAttribute('data-stale', sentence !== null);
  if ((place.firstElementChild?.dataset.text ?? null) === sentence) return;
  place.replaceChildren();
  if (sentence === null) return;
  const paragraph = document.createElement('p');
  paragraph.dataset.text = sentence;
  paragraph.append(sentence, ' ', link ?? '');
  place.append(paragraph);
}

function show({ sections, ageMs, asOf, trouble }) {
  for (const [id, text] of Object.entries(sections)) {
    const place = document.getElementById(id);
    if (place === null) continue;
    Idiomorph.morph(place, text, { morphStyle: 'innerHTML' });
  }
  if (ageMs === undefined) return;
  readAt = performance.now() - ageMs;
  document.getElementById('as-of').textContent = asOf;
  tell(trouble);
  tick();
}

function tick() {
  const seconds = Math.floor((performance.now() - readAt) / 1_000);
  const minutes = Math.floor(seconds / 60);
  const age = document.getElementById('age');
  if (minutes >= 60) age.textContent = `${Math.floor(minutes / 60)} h ${minutes % 60} min ago`;
  else if (minutes > 0) age.textContent = `${minutes} min ${seconds % 60} s ago`;
  else age.textContent = `${seconds} s ago`;
}

/** Keeps operators signed in while they use a page, even if they do not open another one. */
function renew() {
  if (performance.now() - renewedAt < renewMs) return;
  renewedAt = performance.now();
  void fetch(`${base}/session`).catch(() => undefined);
}

if (view !== undefined) {
  connect();
  tick();
  setInterval(tick, 1_000);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) disconnect();
    else connect();
  });
  window.addEventListener('pagehide', disconnect);
  window.addEventListener('pageshow', connect);
  for (const use of ['pointerdown', 'keydown']) document.addEventListener(use, renew);
}
