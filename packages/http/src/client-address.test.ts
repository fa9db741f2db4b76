import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import {
  createAddressReader,
  readAddress,
  subjectOf,
  type TrustOptions,
} from './client-address.ts';

describe('an address', () => {
  it('has one form, however a socket or a proxy wrote it', () => {
    for (const [address, ...written] of [
      [
        '203.0.113.8',
        ...['203.0.113.8:4711', ' 203.0.113.8 ', '"203.0.113.8:4711"', '::ffff:203.0.113.8'],
        ...['::FFFF:cb00:7108', '[::ffff:203.0.113.8]:4711', '0:0:0:0:0:ffff:cb00:7108'],
        ...['64:ff9b::203.0.113.8', '64:ff9b::cb00:7108'],
      ],
      ['0.0.0.1', '::ffff:0:1', '::ffff:0.0.0.1'],
      [
        '2001:db8::1',
        ...['[2001:db8::1]:4711', '[2001:db8::1]', '"[2001:db8::1]:4711"', '2001:DB8::1'],
        ...['2001:0db8:0:0:0:0:0:0001', '2001:db8::1%eth0', '[2001:db8::1%eth0]:80'],
      ],
      ['fe80::1', 'fe80::1%eth0', 'fe80:0::0:1%25eth0', '[fe80::1%2]:1'],
      ['::1', '[::1]:65535'],
    ]) {
      for (const text of [address ?? '', ...written])
        assert.equal(readAddress(text), address, text);
    }
  });

  it('is undefined if the text is something else', () => {
    for (const text of [
      ...['', ' ', 'unknown', '_hidden', 'example.org', '203.0.113', '203.0.113.256', '1.2.3.4.5'],
      ...[
        '203.0.113.8:',
        '203.0.113.8:abc',
        '203.0.113.8/24',
        '01.2.3.4',
        '[203.0.113.8',
        '::1]:80',
      ],
      ...['2001:db8::1::2', '[2001:db8::1]:', '[2001:db8::1]x', '[]', 'for=203.0.113.8', ':::'],
    ]) {
      assert.equal(readAddress(text), undefined, text);
    }
  });

  it('counts as itself in version 4 and by its first 64 bits in version 6', () => {
    for (const [address, subject] of [
      ['203.0.113.8', '203.0.113.8'],
      ['2001:db8::1', '2001:db8:0:0::/64'],
      ['2001:db8:0:0:ffff::', '2001:db8:0:0::/64'],
      ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
      ['1:2:3:4:5:6:7:8', '1:2:3:4::/64'],
      ['1:2:3:4:5:6::', '1:2:3:4::/64'],
      ['::1', '0:0:0:0::/64'],
      ['unknown', 'unknown'],
    ] as const) {
      assert.equal(subjectOf(address), subject, address);
    }
  });
});

const secret = 'between-the-services';

/** The client's address of a request that comes from 10.0.0.1. */
function addressOf(headers: Record<string, string>, trust: Partial<TrustOptions> = {}): string {
  const request = { headers, socket: { remoteAddress: '::ffff:10.0.0.1' } };
  const read = createAddressReader({ trustProxy: 0, serviceSecret: secret, ...trust });
  read(request as unknown as IncomingMessage);
  return (request as unknown as IncomingMessage).address;
}

describe('X-Forwarded-For', () => {
  const forwarded = (value: string, trustProxy: number) =>
    addressOf({ 'x-forwarded-for': value }, { trustProxy });

  it('is trusted for as many proxies as there are, from its end', () => {
    const value = '1.1.1.1, [2001:db8::2]:2,, 3.3.3.3:3 , ';
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((trustProxy) => forwarded(value, trustProxy)),
      ['10.0.0.1', '3.3.3.3', '2001:db8::2', '1.1.1.1', '1.1.1.1'],
    );
  });

  it('leaves the last trusted address if an entry is not an address', () => {
    assert.equal(forwarded('1.1.1.1, nonsense, 3.3.3.3', 3), '3.3.3.3');
    assert.equal(forwarded('1.1.1.1, unknown', 2), '10.0.0.1');
    assert.equal(forwarded('', 1), '10.0.0.1');
  });
});

describe('the address that another service tells', () => {
  const told = { 'x-kasabi-client-address': '2001:db8::7', 'x-forwarded-for': '9.9.9.9' };
  const proven = { ...told, 'x-kasabi-service-secret': secret };

  it('counts if the secret is right, whatever proxies there are', () => {
    for (const trustProxy of [0, 1]) assert.equal(addressOf(proven, { trustProxy }), '2001:db8::7');
  });

  it('is ignored without the secret, with another one, or if none is set', () => {
    assert.equal(addressOf(told), '10.0.0.1');
    for (const given of ['', `${secret}x`, secret.slice(1), secret.toUpperCase()]) {
      assert.equal(addressOf({ ...told, 'x-kasabi-service-secret': given }), '10.0.0.1', given);
    }
    for (const given of ['', secret, 'undefined']) {
      const headers = { ...told, 'x-kasabi-service-secret': given };
      assert.equal(addressOf(headers, { serviceSecret: undefined }), '10.0.0.1', given);
    }
  });

  it('is ignored if it is not an address', () => {
    assert.equal(addressOf({ ...proven, 'x-kasabi-client-address': 'nonsense' }), '10.0.0.1');
  });
});
