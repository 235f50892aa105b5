import { describeChain, sendCalls } from '@mmtchain/client'
import { type Json, toJson } from '@mmtchain/codec'
import { secp256k1 } from '@mmtchain/crypto'
import { isHome, keyNames, readConfig, readKey, replaceKey, type StoredKey, storeKey } from '@mmtchain/node'
import { formatAddress, type Hash, toHex } from '@mmtchain/primitives'
import { authority, singleKey } from '@mmtchain/tx'
import { type CommonOptions, homeOf, signerOf, transportOf } from './context.ts'
import { feeMaxOf, inTokens, listedByHome } from './fee-bound.ts'
import { showAmount, unitOf } from './fields.ts'
import { givenSecret, mnemonicLines, newSecret, type SecretOptions, shownKey } from './key-secrets.ts'
import { say } from './language.ts'
import { look, print, progress, rows } from './output.ts'
import { askPassphrase } from './passphrase.ts'
import { cliFail } from './refusals.ts'

/**
 * `mmt keys rotate`: gives the account of a key another key, on chain, at the same address. The new key is in the home before
 * anything is sent, as `NAME-next`, and takes the name when the chain has it; the old one stays as `NAME-until-HEIGHT`. When this
 * is interrupted, the same command goes on.
 */
export async function rotateKey(
  name: string,
  options: CommonOptions & SecretOptions & { readonly feeMax?: string },
): Promise<void> {
  if (options.words !== undefined && options.secret !== undefined)
    throw cliFail.BAD_ARGUMENT({ name: 'keys rotate', value: name, want: say('want.oneSecret') })
  const home = homeOf(options)
  const old = readKey(home.keys, name)
  if (isHome(home) && readConfig(home).validator === name) throw cliFail.VALIDATOR_KEY({ name })
  const transport = transportOf(options)
  const chain = await describeChain(transport)
  const prefix = chain.metadata.addressPrefix
  const unit = unitOf(chain)
  const feeMax = feeMaxOf(options.feeMax, unit)
  const nextName = `${name}-next`
  const hasNext = keyNames(home.keys).includes(nextName)
  const made = hasNext ? undefined : await makeNext(options, { name: nextName, old, prefix })
  const next = made?.key ?? readKey(home.keys, nextName)
  if (next.address !== old.address) throw cliFail.OTHER_ACCOUNT({ name: nextName, account: name })

  const address = formatAddress(old.address, { prefix })
  const account = (await transport('account_get', { address })) as Account
  const holder = account.authority?.keys[0]?.key
  let sent: { readonly id: string; readonly fee: bigint; readonly height: bigint } | undefined
  if (holder !== toHex(next.publicKey)) {
    const input = { authority: toJson(authority, authorityOf(next), { addressPrefix: prefix }) } as Json
    const calls = [chain.call('kernel', 'rotate', input)]
    const signer = await signerOf(home, name)
    const shown = progress(options, { label: say('tx.waiting') })
    const done = await sendCalls(transport, {
      ...{ fingerprint: chain.metadata.fingerprint as Hash, calls },
      options: { signer, wait: 'finalised', ...(feeMax !== undefined && { feeMax }) },
      ...(await listedByHome(options, chain, calls)),
    })
      .catch((error) => inTokens(error, unit))
      .finally(() => shown.end())
    sent = { id: done.id, fee: done.fee, height: done.height as bigint }
  }
  const { height } = (await transport('chain_status')) as { height: string }
  const kept = `${name}-until-${sent?.height ?? height}`
  const key = await replaceKey(home.keys, { name, by: nextName, keep: kept })
  print(
    options,
    {
      ...shownKey(key, prefix),
      previous: { name: kept, publicKey: toHex(old.publicKey) },
      id: sent?.id ?? null,
      fee: sent?.fee.toString() ?? null,
      height: sent?.height.toString() ?? null,
      mnemonic: made?.mnemonic ?? null,
    },
    [
      look(say('keys.rotate.done', { name }), 'good'),
      ...rows([
        [say('row.address'), address],
        [say('row.publicKey'), toHex(key.publicKey)],
        [say('row.oldKey'), kept],
        ...(sent ? [[say('row.fee'), showAmount(sent.fee, unitOf(chain))] as const] : []),
      ]),
      ...(made?.mnemonic ? ['', ...mnemonicLines(made.mnemonic)] : []),
    ],
  )
}

interface Account {
  readonly authority: { readonly keys: readonly { readonly key: string }[] } | null
}

/** Stores the next key of an account, from the options or from new words. */
async function makeNext(
  options: SecretOptions & CommonOptions,
  { name, old, prefix }: { readonly name: string; readonly old: StoredKey; readonly prefix: string },
): Promise<{ readonly key: StoredKey; readonly mnemonic: string | null }> {
  const isGiven = options.words !== undefined || options.secret !== undefined
  const { secret, mnemonic } = isGiven ? { secret: givenSecret(options), mnemonic: null } : newSecret()
  const folder = homeOf(options).keys
  const key = await storeKey(folder, {
    name,
    secret,
    addressPrefix: prefix,
    ask: askPassphrase,
    account: old.address,
  })
  return { key, mnemonic }
}

function authorityOf({ publicKey }: StoredKey) {
  return singleKey({ suite: secp256k1.code, key: publicKey })
}
