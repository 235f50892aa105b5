// What must and must not compile against the published types.
import {
  mnemonicToSecret,
  newMnemonic,
  type Secp256k1BackendName,
  type Suite,
  secp256k1,
  selectSecp256k1Backend,
  suiteRegistry,
  verifyBatch,
} from '@mmtchain/crypto'
import { type Address, formatAddress, type Hash, parseAddress } from '@mmtchain/primitives'
import { expectTypeOf } from 'vitest'

expectTypeOf(parseAddress('x')).toEqualTypeOf<Address>()
expectTypeOf(parseAddress('x', { prefix: 'mmt' })).toEqualTypeOf<Address>()
expectTypeOf(suiteRegistry([secp256k1]).find(1)).toEqualTypeOf<Suite | undefined>()
expectTypeOf(verifyBatch).returns.toEqualTypeOf<readonly number[]>()
expectTypeOf<Secp256k1BackendName>().toEqualTypeOf<'native' | 'wasm' | 'noble'>()

declare const hash: Hash
// @ts-expect-error a hash is not an address
formatAddress(hash, { prefix: 'mmt' })
// @ts-expect-error text is not an address until it is parsed
formatAddress('mmt1…', { prefix: 'mmt' })
// @ts-expect-error there are mnemonics of 12 and 24 words
newMnemonic({ words: 13 })
// @ts-expect-error a mnemonic travels in an object, next to the path
mnemonicToSecret('abandon')
// @ts-expect-error there is no such backend
selectSecp256k1Backend('openssl')
// @ts-expect-error suites are frozen
secp256k1.weight = 1
// @ts-expect-error an own suite has every part
suiteRegistry([{ code: 128, name: 'own' }])
