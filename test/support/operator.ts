import { type Answer, ask } from './client.ts';

/** An operator who has signed in at the operations page. */
export interface Operator {
  /** Of the session, as a request sends it. */
  readonly cookie: string;
  /** Reads a page, by its path below `/ops`. */
  look(path: string): Promise<Answer>;
  /**
   * Opens the question of an action, by its path below `/ops`, and sends its form with these fields changed. What
   * is no question is returned as it is.
   */
  act(
    path: string,
    fields?: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
}

const page = { Accept: 'text/html' };

/**
 * Signs in at the operations page.
 *
 * @throws Error when the password does not open it.
 */
export async function signIn(operationsUrl: string, password: string): Promise<Operator> {
  const { headers, status, text } = await ask(`${operationsUrl}/ops/sign-in`, {
    method: 'POST',
    headers: page,
    body: new URLSearchParams({ password, next: '/ops' }),
  });
  const cookie = headers.get('set-cookie')?.split(';')[0];
  if (cookie === undefined) throw new Error(`No sign-in: ${status} ${text}`);
  const look = (path: string, init: RequestInit = {}): Promise<Answer> =>
    ask(`${operationsUrl}/ops${path}`, {
      ...init,
      headers: { ...page, Cookie: cookie, ...init.headers },
    });
  return {
    cookie,
    look: (path) => look(path),
    async act(path, fields = {}, headers = {}) {
      const question = await look(path);
      if (question.status !== 200) return question;
      const carried = [
        ...question.text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)">/g),
      ].map(([, name = '', value = '']) => [name, value]);
      const body = new URLSearchParams({ ...Object.fromEntries(carried), ...fields });
      return await look(path, { method: 'POST', headers, body });
    },
  };
}
