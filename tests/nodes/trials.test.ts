import { encode } from '@mmtchain/codec'
import { contracts } from '@mmtchain/contracts'
import { secp256k1 } from '@mmtchain/crypto'
import { amount, defineChain, memoryStore, solo } from '@mmtchain/kernel'
import { createNode, memorySigner, silentLog, systemHost } from '@mmtchain/node-runtime'
import { height, toHex } from '@mmtchain/primitives'
import { RPC_SETTINGS_DEFAULT, serveRpc } from '@mmtchain/rpc'
import { testAccount, testChain } from '@mmtchain/testkit'
import { token } from '@mmtchain/token-rewards'
import { transaction } from '@mmtchain/tx'
import { createSandbox } from '@mmtchain/vm-sandbox'
import { expect, test } from 'vitest'

const [alice, validator] = [testAccount('alice'), testAccount('validator')]
const chain = defineChain({ id: 'trials-1', slotMs: 10_000, consensus: solo() })
  .use(token({ symbol: 'TRY' }))
  .use(contracts({ sandbox: createSandbox }), { grants: { kernel: ['attempt'], token: ['move'] } })

/** A node of a chain with contracts, whose callers from this machine are limited like others. */
async function started() {
  const balances = [{ owner: alice.address, amount: amount(10n ** 15n) }]
  const { genesis } = testChain(chain, { token: { balances, unclaimed: [] } } as never)
  const { address, secret } = validator
  const node = await createNode({
    ...{ genesis, store: memoryStore(), host: systemHost(silentLog) },
    validator: memorySigner({ address, suite: secp256k1, secret }),
  })
  const limits = { ...RPC_SETTINGS_DEFAULT.limits, limitLoopback: true }
  const info = { name: 'test', version: '0' }
  const rpc = await serveRpc({
    ...{ node, info, log: silentLog, port: 0, settings: { ...RPC_SETTINGS_DEFAULT, limits } },
  })
  const post = async (body: unknown) => {
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${rpc.url}/rpc`, { method: 'POST', headers, body: JSON.stringify(body) })).json()
  }
  /** A trial of so many deployments of code that loops for ever while it loads, each with so much gas. */
  const trial = (calls: number, gas: bigint) => {
    const deploy = chain.modules.find(({ spec }) => spec.name === 'contracts')?.spec.commands.get('deploy')
    if (!deploy) throw new Error('the chain has no contracts')
    const input = encode(deploy.input, { code: 'for (;;);', gas } as never)
    const body = {
      ...{ fingerprint: genesis.fingerprint, sender: alice.address, authority: alice.authority, nonce: 0n },
      ...{ validUntil: height(50n), fee: amount(0n), weightMax: 0n, payer: null },
      calls: Array.from({ length: calls }, () => ({ module: 'contracts', command: 'deploy', input })),
    }
    const bytes = toHex(encode(transaction, { body, signatures: [], payerConsent: null }))
    return { jsonrpc: '2.0', id: 1, method: 'tx_simulate', params: { bytes } }
  }
  return {
    ...{ post, trial },
    async stop() {
      await rpc.close()
      await node.stop()
    },
  }
}
interface Answered {
  readonly result?: { readonly refusal: { readonly code: string } }
  readonly error?: { readonly data: { readonly code: string } }
}
const codeOf = ({ result, error }: Answered) => result?.refusal.code ?? error?.data.code

test('gas of trials is for nothing and not without end: by request, and by what a caller takes of the node', async () => {
  const { post, trial, stop } = await started()
  expect(codeOf(await post(trial(3, 200_000_000n)))).toBe('rpc/TRIAL_TOO_HEAVY')
  // Ten milliseconds each at the very least, and a hundred of them are more than a caller has in two seconds.
  const batch = Array.from({ length: 100 }, () => trial(1, 200_000_000n))
  const codes: (string | undefined)[] = ((await post(batch)) as Answered[]).map(codeOf)
  expect(new Set(codes)).toEqual(new Set(['sandbox/OUT_OF_GAS', 'rpc/WORK_LIMITED']))
  expect(codes.lastIndexOf('sandbox/OUT_OF_GAS')).toBeLessThan(99)
  expect(codes.filter((code) => code === 'sandbox/OUT_OF_GAS').length).toBeLessThan(50)
  expect((await post({ jsonrpc: '2.0', id: 1, method: 'chain_status' })).error).toBeUndefined()
  await stop()
})
