import { signEthereumText } from '@mmtchain/crypto'
import { formatAddress, fromHex, toHex } from '@mmtchain/primitives'
import type { Command } from 'commander'
import { addressOf, type CommonOptions, describe, homeOf, remote } from './context.ts'
import { readGiven } from './files.ts'
import { say } from './language.ts'
import { print } from './output.ts'

/** `mmt sign-claim`: the signature with which an Ethereum holder claims its balance, for those whose key is in a file. */
export function addClaim(program: Command): void {
  remote(
    program.command('sign-claim').description(say('claim.about')),
    'mmt tx token claim --to ann --from ann --signature $(mmt sign-claim --to ann --secret holder.key)',
  )
    .requiredOption('--to <address or key>', say('claim.to'))
    .requiredOption('--secret <file>', say('claim.secret'))
    .action(async (options: CommonOptions & { to: string; secret: string }) => {
      const chain = await describe(options)
      const prefix = chain.metadata.addressPrefix
      const to = formatAddress(addressOf(options.to, homeOf(options), prefix), { prefix })
      const text = String(await chain.read('token', 'claimText', { to }))
      const secret = fromHex(
        readGiven(options.secret).toString('utf8').trim().replace(/^0x/, '').toLowerCase(),
      )
      const signature = `0x${toHex(signEthereumText({ text, secret }))}`
      print(options, { text, signature }, [signature])
    })
}
