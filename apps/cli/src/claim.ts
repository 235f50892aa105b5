import { signEthereumText } from '@mmtchain/crypto'
import { formatAddress, fromHex, toHex } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { addressOf, type CommonOptions, describe, homeOf, remote } from './context.ts'
import { print } from './output.ts'
import { readSecretFile } from './secret-file.ts'

/** `mmt sign-claim`: the signature with which an Ethereum holder claims its balance, for those whose key is in a file. */
export function addClaim(program: Command): void {
  remote(
    program.command('sign-claim').description('sign the claim of an Ethereum holder, for mmt tx token claim'),
    'mmt tx token claim --to ann --from ann --signature $(mmt sign-claim --to ann --secret holder.key)',
  )
    .requiredOption('--to <address or key>', 'the account that receives the balance')
    .requiredOption('--secret <file>', 'a file with the Ethereum key as hex; - reads standard input')
    .action(async (options: CommonOptions & { to: string; secret: string }) => {
      const chain = await describe(options)
      const prefix = chain.metadata.addressPrefix
      const to = formatAddress(addressOf(options.to, homeOf(options), prefix), { prefix })
      const text = String(await chain.read('token', 'claimText', { to }))
      const secret = fromHex((await readSecretFile(options.secret)).trim().replace(/^0x/, '').toLowerCase())
      const signature = `0x${toHex(signEthereumText({ text, secret }))}`
      print(options, { text, signature }, [signature])
    })
}
