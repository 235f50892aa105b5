import { secp256k1, sha256 } from '@mmtchain/crypto'
import { type Address, ChainError, utf8 } from '@mmtchain/primitives'
import { type Authority, authorityAddress, type Signer, secretSigner, singleKey } from '@mmtchain/tx'

/** An account whose secret follows from its name, so that tests and their failures are the same everywhere. */
export interface TestAccount {
  readonly name: string
  readonly address: Address
  readonly authority: Authority
  readonly secret: Uint8Array
  readonly signer: Signer
}

const known = new Map<Address, TestAccount>()

/** The test account of a name. Its secret is SHA-256 of `mmt test account NAME`: never use it outside tests. */
export function testAccount(name: string): TestAccount {
  const secret = sha256(utf8(`mmt test account ${name}`))
  const authority = singleKey({ suite: secp256k1.code, key: secp256k1.publicKey(secret) })
  const address = authorityAddress(authority)
  const account = { name, address, authority, secret, signer: secretSigner({ suite: secp256k1, secret }) }
  known.set(address, account)
  return account
}

/** The addresses of test accounts by name: `const [supplier, buyer] = testAddresses('supplier', 'buyer')`. */
export function testAddresses<const Names extends readonly string[]>(
  ...names: Names
): { readonly [I in keyof Names]: Address } {
  return names.map((name) => testAccount(name).address) as { readonly [I in keyof Names]: Address }
}

/** The test account behind an address that `testAccount` or `testAddresses` gave. */
export function testAccountAt(address: Address): TestAccount {
  const found = known.get(address)
  if (!found) {
    throw new ChainError({
      code: 'testkit/UNKNOWN_ACCOUNT',
      message: `${address} is no test account.`,
      hint: 'Take addresses from testAddresses or testAccount.',
      values: { address },
    })
  }
  return found
}
