import { type Codec, unit } from '@mmtchain/codec'

/** A method of another contract, or a capability of a module that the chain file offers. */
export interface Remote<I, O> {
  readonly name: string
  readonly input: Codec<I>
  readonly output: Codec<O>
}

/** Names a method of other contracts (`remote('transfer', struct({ … }))`) or a capability (`remote('kyc.isKnown', address, bool)`). */
export function remote<I>(name: string, input: Codec<I>): Remote<I, null>
export function remote<I, O>(name: string, input: Codec<I>, output: Codec<O>): Remote<I, O>
export function remote<I>(name: string, input: Codec<I>, output: Codec<unknown> = unit): Remote<I, unknown> {
  return { name, input, output }
}
