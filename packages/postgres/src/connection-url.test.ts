import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import pg from 'pg';
import { ConnectionUrlInvalid, parseConnectionUrl, urlOf, withOptions } from './connection-url.ts';
import { roleUrl } from './roles.ts';
import { sessionUrl } from './session.ts';

const hostsOf = (url: string): string[] =>
  parseConnectionUrl(url).hosts.map(({ host, port }) => `${host} ${port}`);

describe('parseConnectionUrl', () => {
  it('reads the hosts as libpq does', () => {
    for (const [url, ...hosts] of [
      ['postgres://u:p@h1:5432,h2:6432/db', 'h1 5432', 'h2 6432'],
      ['postgresql://u:p@h1,h2:6432/db?sslmode=disable', 'h1 5432', 'h2 6432'],
      ['postgresql://h1', 'h1 5432'],
      ['postgresql:///db', 'localhost 5432'],
      ['postgresql://u@[::1]:7,[fe80::2]/db', '::1 7', 'fe80::2 5432'],
      ['postgresql://u@/db?host=h1,h2&port=7,8', 'h1 7', 'h2 8'],
      ['postgresql://u@/db?host=h1,h2&port=7', 'h1 7', 'h2 7'],
      ['postgresql:///db?host=/run/postgresql', '/run/postgresql 5432'],
      ['postgresql://u:p%40%2F@h1/db', 'h1 5432'],
    ] as const) {
      assert.deepEqual(hostsOf(url), hosts, url);
    }
  });

  it('reads what the session is wanted for', () => {
    assert.equal(parseConnectionUrl('postgres://h1,h2/db').target, undefined);
    const url = 'postgres://h1,h2/db?target_session_attrs=prefer-standby';
    assert.equal(parseConnectionUrl(url).target, 'prefer-standby');
  });

  it('reads whether a pooler is between, to which no settings are sent', () => {
    const url = 'postgres://h/db?pooler=transaction';
    assert.equal(parseConnectionUrl(url).isPooled, true);
    assert.equal(parseConnectionUrl('postgres://h/db').isPooled, false);
    assert.equal(sessionUrl(url), url);
  });

  it('says what is wrong, and never the URL', () => {
    for (const [url, message] of [
      ['mysql://u:secret@h/db', /must be a URL such as/],
      ['postgres://u:secret@h1:5432,:5433/db', /no valid host 2 of 2/],
      ['postgres://u:secret@h1,/db', /no valid host 2 of 2/],
      ['postgres://u:secret@h1:70000/db', /a port that is not a number from 1 to 65535/],
      ['postgres://u:secret@::1:5432/db', /no valid host 1 of 1.*brackets/],
      ['postgres://u:secret@/db?host=a,b&port=1,2,3', /2 hosts and 3 ports/],
      ['postgres://u:secret@h1/db?pooler=session', /another pooler than transaction/],
      ['postgres://u:secret@h1,h2/db?target_session_attrs=rw', /than any, read-write, read-only/],
    ] as const) {
      assert.throws(
        () => parseConnectionUrl(url),
        (error) =>
          error instanceof ConnectionUrlInvalid &&
          message.test(error.message) &&
          !error.message.includes('secret'),
        url,
      );
    }
  });
});

describe('urlOf', () => {
  it('makes a URL of one host that node-postgres reads, with all that is not ours', () => {
    const url =
      'postgres://us%40er:p%2Fw@h1:1,[::1]:2/d%20b?target_session_attrs=primary&application_name=x';
    const { hosts } = parseConnectionUrl(url);
    const clients = hosts.map((host) => new pg.Client(urlOf(url, host)));
    assert.deepEqual(
      clients.map(({ host, port, user, password, database }) => [
        ...[host, port, user, password, database],
      ]),
      [
        ['h1', 1, 'us@er', 'p/w', 'd b'],
        ['::1', 2, 'us@er', 'p/w', 'd b'],
      ],
    );
    const [socket] = parseConnectionUrl('postgres://u@/db?host=/run/pg&port=7').hosts;
    const client = new pg.Client(urlOf('postgres://u@/db?host=/run/pg&port=7', socket));
    assert.deepEqual([client.host, client.port, client.database], ['/run/pg', 7, 'db']);
  });
});

describe('the options of a URL', () => {
  it('are added to those it has, whatever hosts it names', () => {
    const url =
      'postgres://u:p%2F@h1:1,h2:2/db?options=-c%20work_mem%3D1MB&target_session_attrs=any';
    const optionsOf = (it: string) => new URLSearchParams(it.split('?')[1]).get('options') ?? '';
    const role = roleUrl(url, 'api');
    assert.equal(optionsOf(role), '-c work_mem=1MB -c role=kasabi_api');
    assert.match(
      optionsOf(sessionUrl(role)),
      /synchronous_commit=on -c work_mem.* -c TimeZone=UTC/,
    );
    assert.deepEqual(hostsOf(sessionUrl(role)), ['h1 1', 'h2 2']);
    assert.equal(
      withOptions('postgres://h/db', () => '-c a=b'),
      'postgres://h/db?options=-c+a%3Db',
    );
  });
});
