// What must and what must not compile. The root `tsc` reads this file; nothing runs it.
import {
  type Address,
  type Amount,
  addressFromBytes,
  amount,
  type ChainError,
  type Failures,
  failures,
  formatAmount,
  type Hash,
  type Height,
  hash,
  height,
  parseAddress,
  parseAmount,
} from '@mmtchain/primitives'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare function is<_True extends true>(): void
declare function pay(to: Address, amount: Amount): void
declare const bytes: Uint8Array

const to = parseAddress('mmt1…')
const sum = parseAmount('12.5', { decimals: 8 })
is<Equal<typeof to, Address>>()
is<Equal<typeof sum, Amount>>()
pay(addressFromBytes(bytes), amount(5n))
formatAmount(sum + 1n, { decimals: 8 })

// @ts-expect-error a text that was not parsed is no address
pay('mmt1…', sum)
// @ts-expect-error a hash is no address
pay(hash(bytes), sum)
// @ts-expect-error a sum is not yet known to be an amount
pay(to, sum + 1n)
// @ts-expect-error a height is no amount
pay(to, height(5n))
// @ts-expect-error a number is no amount
amount(5)
// @ts-expect-error the decimals belong to the token and are never guessed
parseAmount('12.5')

declare const someHash: Hash
declare const someHeight: Height
// Brands are texts and bigints to everything that only reads them.
export const text: string = someHash
export const big: bigint = someHeight

const fail = failures('token', {
  TOO_MUCH: (d: { want: bigint }) => ({ message: `${d.want}`, hint: '' }),
})
is<Equal<ReturnType<typeof fail.TOO_MUCH>, ChainError>>()
is<Equal<keyof Failures<{ A: (d: object) => { message: string; hint: string } }>, 'A'>>()
fail.TOO_MUCH({ want: 5n })
// @ts-expect-error a refusal needs its values
fail.TOO_MUCH({})
// @ts-expect-error there is no such refusal
fail.TOO_LITTLE({})
