import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createSessions, idleMs } from './session.ts';

const hourMs = 3_600_000;

describe('sessions of operators', () => {
  it('are known to every process with the password, and to none with another', () => {
    const session = createSessions('one').begin();
    const sealed = createSessions('one').seal(session);
    assert.deepEqual(createSessions('one').open(sealed), session);
    assert.equal(createSessions('two').open(sealed), undefined);
  });

  it('are refused when anything of them was changed', () => {
    const sessions = createSessions('one');
    const sealed = sessions.seal(sessions.begin());
    for (let index = 0; index < sealed.length; index += 1) {
      const other = sealed[index] === '1' ? '2' : '1';
      const forged = sealed.slice(0, index) + other + sealed.slice(index + 1);
      assert.equal(sessions.open(forged), undefined, forged);
    }
    for (const forged of ['', '.', '...', '....', `${sealed}.`, sealed.slice(0, -1)]) {
      assert.equal(sessions.open(forged), undefined, forged);
    }
  });

  it('end half an hour after their last use, and twelve hours after the sign-in', () => {
    let now = 1_000_000;
    const sessions = createSessions('one', () => now);
    let session = sessions.begin();
    now += idleMs - 1;
    assert.deepEqual(sessions.open(sessions.seal(session)), session);
    now += 1;
    assert.equal(sessions.open(sessions.seal(session)), undefined);

    session = sessions.begin();
    const { started } = session;
    while (sessions.open(sessions.seal(session)) !== undefined) {
      session = sessions.renew(session);
      now += idleMs / 2;
    }
    assert.equal(now - started, 12 * hourMs);
  });

  it('have a form token each, that survives a renewal', () => {
    const sessions = createSessions('one');
    const [one, other] = [sessions.begin(), sessions.begin()];
    const token = sessions.formToken(one);
    assert.ok(sessions.isFormToken(sessions.renew(one), token));
    assert.ok(!sessions.isFormToken(other, token));
    assert.ok(!sessions.isFormToken(one, ''));
  });
});
