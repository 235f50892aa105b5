import { createAddressBook, isLoopback, networkOf, newBucket, refill } from '@mmtchain/rpc'
import { expect, test } from 'vitest'

test('a bucket gives two seconds’ worth at once, then its rate, and never more than it holds', () => {
  const bucket = newBucket(10, 0)
  expect(refill(bucket, 10, 0).left).toBe(20)
  bucket.left = 0
  expect(refill(bucket, 10, 100).left).toBeCloseTo(1)
  expect(refill(bucket, 10, 50).left).toBeCloseTo(1)
  expect(refill(bucket, 10, 100_000).left).toBe(20)
})

test('one IPv4 address, or one /64 of IPv6, is one caller', () => {
  const cases = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ] as const
  for (const [address, network] of cases) expect([address, networkOf(address)]).toEqual([address, network])
  expect(
    ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '10.0.0.1', '2001:db8::1'].map(isLoopback),
  ).toEqual([...[true, true, true, true], ...[false, false]])
})

test('the book of addresses is bounded and forgets nobody who holds a connection', () => {
  const book = createAddressBook({ rate: 1, workMs: 1 })
  const held = book.entry('192.0.2.1', 0)
  held.connections = 1
  const silent = book.entry('192.0.2.2', 0)
  for (let i = 0; i < 10_000; i++) book.entry(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, 0)
  expect(book.entry('192.0.2.1', 0)).toBe(held)
  expect(book.entry('192.0.2.2', 0)).not.toBe(silent)
})
