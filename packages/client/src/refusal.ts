import { RequestRefused } from './errors.ts';
import { readRetryAfter } from './retry-after.ts';

const problemType = /^urn:kasabi:problem:([a-z0-9-]{1,64})$/;
const longestWords = 500;

/** Makes the error for an error answer with the body `text`. It does not contain the key. */
export function refusalOf(response: Response, text: string, apiKey: string): RequestRefused {
  const problem = readProblem(response, text);
  const member = (name: string): string | undefined => {
    const value = problem[name];
    return typeof value === 'string' ? value : undefined;
  };
  // A service that echoes requests must not put the key into our messages.
  const words = (name: string): string | undefined =>
    member(name)
      ?.replaceAll(apiKey, '[key]')
      .replaceAll(encodeURIComponent(apiKey), '[key]')
      .slice(0, longestWords);
  const { status } = response;
  const type = problemType.exec(member('type') ?? '')?.[1];
  const code = type === undefined || type === apiKey ? `http-${status}` : type;
  const [title, detail, instance] = [words('title'), words('detail'), words('instance')];
  const said = detail ?? title;
  const message = `The service answered ${status}, ${code}${said === undefined ? '.' : `: ${said}`}`;
  const retryAfterMs = readRetryAfter(response.headers);
  return new RequestRefused(message, { status, code, title, detail, instance, retryAfterMs });
}

/** A proxy's error page has no members. */
function readProblem(response: Response, text: string): Readonly<Record<string, unknown>> {
  const type = response.headers.get('content-type') ?? '';
  if (/^text\/plain\b/i.test(type)) return { detail: text.trim() || undefined };
  if (!/^application\/(problem\+)?json\b/i.test(type)) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
