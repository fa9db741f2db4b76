import assert from 'node:assert/strict';
import type pg from 'pg';
import type { Guard, Rewrite, StatementRewrite } from './guards.ts';
import type { Statement } from './statement.ts';

/** The product's statements with some guards switched off. */
export interface Rewriting {
  readonly rewrite: (statement: Statement) => Statement;
  /**
   * @throws AssertionError where what is to be replaced did not stand exactly once in a statement: the guard
   * has moved, and its test with it.
   */
  assertApplied(): void;
  /** Puts the database's functions back. */
  restore(): Promise<void>;
}

/** @throws AssertionError as `assertApplied` does, for a function. */
export async function createRewriting(
  admin: pg.Pool,
  guards: readonly Guard[],
): Promise<Rewriting> {
  const statements = guards.flatMap((guard) => guard.statements ?? []);
  const unused = new Set<Rewrite>(statements);
  const back: string[] = [];
  let mistake: unknown;
  for (const { of, find, replace } of guards.flatMap((guard) => guard.functions ?? [])) {
    const { rows } = await admin.query<{ definition: string }>(
      'SELECT pg_get_functiondef($1::regproc) AS definition',
      [of],
    );
    const definition = rows[0]?.definition ?? '';
    await admin.query(replaceOnce(definition, find, replace));
    back.push(definition);
  }
  for (const { ddl } of guards) {
    if (ddl === undefined) continue;
    await admin.query(ddl.off);
    back.push(ddl.on);
  }
  return {
    rewrite(statement) {
      let { text } = statement;
      for (const each of statements.filter((it) => isOf(statement, it))) {
        unused.delete(each);
        try {
          text = replaceOnce(text, each.find, each.replace);
        } catch (error) {
          // The script that sends it may well make something else of an error.
          mistake ??= error;
        }
      }
      return { ...statement, text };
    },
    assertApplied() {
      if (mistake !== undefined) throw mistake;
      assert.equal(unused.size, 0, `never sent: ${JSON.stringify([...unused])}`);
    },
    async restore() {
      for (const sql of back.toReversed()) await admin.query(sql);
    },
  };
}

const isOf = ({ name, text }: Statement, { of }: StatementRewrite): boolean =>
  name === '' ? text.trim().startsWith(of) : name === of;

function replaceOnce(text: string, find: string, replace: string): string {
  const parts = text.split(find);
  assert.equal(parts.length, 2, `"${find}" stands ${parts.length - 1} times in: ${text}`);
  return parts.join(replace);
}
