// The catalogue of error codes, from the packages' own declarations.
import { adminRefusals } from '@mmtchain/admin'
import { cliRefusals, importErc20Refusals } from '@mmtchain/cli'
import { clientRefusals } from '@mmtchain/client'
import { codecRefusals } from '@mmtchain/codec'
import { electionRefusals } from '@mmtchain/consensus-dpos'
import { lightRefusals, pbftRefusals, validatorsRefusals } from '@mmtchain/consensus-pbft'
import { kitRefusals } from '@mmtchain/contract/build'
import { contractsRefusals } from '@mmtchain/contracts'
import { crmRefusals } from '@mmtchain/crm'
import { recordRefusals } from '@mmtchain/crm/records'
import { cryptoRefusals } from '@mmtchain/crypto'
import { consensusRefusals, errorCatalogue, kernelRefusals, storeRefusals } from '@mmtchain/kernel'
import { kycRefusals } from '@mmtchain/kyc'
import { credentialRefusals } from '@mmtchain/kyc/credentials'
import { namesRefusals } from '@mmtchain/named-router'
import { resolverRefusals } from '@mmtchain/named-router/resolve'
import { homeRefusals } from '@mmtchain/node'
import { nodeRefusals } from '@mmtchain/node-runtime'
import { p2pRefusals } from '@mmtchain/p2p-http'
import { addressFromBytes, amount, primitivesRefusals } from '@mmtchain/primitives'
import { processRefusals } from '@mmtchain/process'
import { rpcRefusals } from '@mmtchain/rpc'
import { merkleStoreRefusals } from '@mmtchain/storage-merkle'
import { pools, terms, timeMining, token } from '@mmtchain/token-rewards'
import { txRefusals } from '@mmtchain/tx'
import { sandboxRefusals } from '@mmtchain/vm-sandbox'

const NOTHING = amount(0n)
const ANY_MINING = {
  ...{ account: addressFromBytes(new Uint8Array(32)), perDay: NOTHING, perDayMax: NOTHING, bond: NOTHING },
}
const ANY_TERMS = {
  ...{ rewardPercent: { min: 0, max: 100 }, commandFee: { min: amount(1n), max: amount(1n) } },
}

/** All refusals, by the first part of their codes. */
export const namespaces: readonly (readonly [name: string, from: string, refusals: object])[] = [
  ['primitives', 'packages/primitives', primitivesRefusals],
  ['codec', 'packages/codec', codecRefusals],
  ['crypto', 'packages/crypto', cryptoRefusals],
  ['tx', 'packages/tx', txRefusals],
  ['kernel', 'packages/kernel', kernelRefusals],
  ['consensus', 'packages/kernel', consensusRefusals],
  ['store', 'packages/kernel and packages/storage-merkle', { ...storeRefusals, ...merkleStoreRefusals }],
  ['token', 'packages/token-rewards', token({ symbol: 'SYMBOL' }).spec.errors],
  ['mining', 'packages/token-rewards', timeMining(ANY_MINING).spec.errors],
  ['terms', 'packages/token-rewards', terms(ANY_TERMS).spec.errors],
  ['pools', 'packages/token-rewards', pools().spec.errors],
  ['admin', 'packages/admin', adminRefusals],
  ['names', 'packages/named-router', namesRefusals],
  ['kyc', 'packages/kyc', { ...kycRefusals, ...credentialRefusals }],
  ['process', 'packages/process', processRefusals],
  ['resolver', 'packages/named-router', resolverRefusals],
  ['crm', 'packages/crm', { ...crmRefusals, ...recordRefusals }],
  ['election', 'packages/consensus-dpos', electionRefusals],
  ['pbft', 'packages/consensus-pbft', pbftRefusals],
  ['validators', 'packages/consensus-pbft', validatorsRefusals],
  ['light', 'packages/consensus-pbft', lightRefusals],
  ['contracts', 'packages/contracts', contractsRefusals],
  ['sandbox', 'packages/vm-sandbox', sandboxRefusals],
  ['kit', 'packages/contract', kitRefusals],
  ['node', 'packages/node-runtime', nodeRefusals],
  ['p2p', 'packages/p2p-http', p2pRefusals],
  ['rpc', 'packages/rpc', rpcRefusals],
  ['client', 'packages/client', clientRefusals],
  ['home', 'apps/node', homeRefusals],
  ['cli', 'apps/cli', { ...cliRefusals, ...importErc20Refusals }],
]

/** The text of docs/errors.md. */
export function catalogue(): string {
  const sections = namespaces.map(([name, from, refusals]) => {
    const rows = errorCatalogue(name, refusals).map(
      ({ code, message, hint }) => `| \`${code}\` | ${cellOf(message)} | ${cellOf(hint)} |`,
    )
    return [
      `## \`${name}\``,
      '',
      `From ${from}.`,
      '',
      '| code | what it says | the cure |',
      '| --- | --- | --- |',
      ...rows,
    ].join('\n')
  })
  return `${[
    '# Error codes',
    '',
    'Every refusal has a code that never changes, values, a message and a hint. Programs branch on the code. Modules of a partner',
    'have codes of their own, `module/KEY`; `chain_metadata` lists those of a running chain.',
    '',
    'This page is made from the declarations: `pnpm docs:errors` writes it, and a test compares it.',
    '',
    sections.join('\n\n'),
  ].join('\n')}\n`
}

function cellOf(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll('undefined', '…')
    .replaceAll(/\s+/g, ' ')
}
