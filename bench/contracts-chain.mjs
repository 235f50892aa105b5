// A chain of contracts for the benchmarks, and the plainest contract.
import { encode } from '@mmtchain/codec'
import { contracts } from '@mmtchain/contracts'
import { secp256k1, sha256 } from '@mmtchain/crypto'
import { amount, createMachine, defineChain, height, solo, transactionBytes } from '@mmtchain/kernel'
import { utf8 } from '@mmtchain/primitives'
import { token } from '@mmtchain/token-rewards'
import { authorityAddress, singleKey, transactionId } from '@mmtchain/tx'
import { createSandbox } from '@mmtchain/vm-sandbox'

const NONE = new Uint8Array()

export const accounts = Array.from({ length: 200 }, (_, i) => {
  const authority = singleKey({
    suite: secp256k1.code,
    key: secp256k1.publicKey(sha256(utf8(`bench account ${i}`))),
  })
  return { authority, address: authorityAddress(authority) }
})
const [first] = accounts

/** A chain on a store, with blocks of calls whose signatures are taken as checked. */
export function chainOf(store) {
  const chain = defineChain({
    ...{ id: 'bench', consensus: solo() },
    limits: { blockBytesMax: 256_000_000, blockWeightMax: 10n ** 12n, transactionBytesMax: 1_000_000 },
  })
    .use(token({ symbol: 'BEN', commandFee: amount(1n) }))
    .use(
      contracts({
        sandbox: createSandbox,
        gasPrice: amount(1n),
        depositPerByte: amount(1n),
        baseFee: amount(1n),
      }),
      { grants: { kernel: ['attempt'], token: ['move'] } },
    )
  const balances = accounts.map(({ address }) => ({ owner: address, amount: amount(10n ** 15n) }))
  const genesis = chain.genesis({
    timeMs: 1_700_000_000_000n,
    validators: [{ address: first.address, key: first.authority.keys[0] }],
    documents: { token: { balances, unclaimed: [], vesting: [], unclaimedVesting: [] } },
  })
  const machine = createMachine(genesis)
  const begun = machine.begin(store)
  let tip = begun.tip
  const commit = (execution) => store.commit({ ...execution, seal: NONE, checkpoint: NONE })
  const ready = commit(begun)
  const commands = chain.modules.at(-1).spec.commands
  const nonces = new Map()
  const prepared = ({ address, authority }, command, input) => {
    const nonce = nonces.get(address) ?? 0n
    nonces.set(address, nonce + 1n)
    const call = { module: 'contracts', command, input: encode(commands.get(command).input, input) }
    const body = {
      ...{
        fingerprint: genesis.fingerprint,
        sender: address,
        authority,
        nonce,
        fee: amount(1_000n),
        payer: null,
      },
      ...{ validUntil: height(tip.header.height + 100n), weightMax: 2_000_000n, calls: [call] },
    }
    const transaction = {
      body,
      signatures: [{ index: 0, signature: new Uint8Array(64) }],
      payerConsent: null,
    }
    return { transaction, id: transactionId(body), bytes: transactionBytes(transaction) }
  }
  return {
    ready,
    prepared,
    async block(candidates) {
      const request = {
        timeMs: tip.header.timeMs + 10_000n,
        round: 0,
        consensus: NONE,
        evidence: [],
        missProofs: [],
      }
      const start = processorNs()
      const built = machine.build(store, { parent: tip, proposer: first.address, request, candidates })
      const spent = processorNs() - start
      const refused = built.refusals.find((refusal) => refusal !== null) ?? built.skipped[0]?.error
      if (refused || built.receipts.transactions.length !== candidates.length)
        throw new Error(JSON.stringify(refused))
      await commit(built)
      tip = built.tip
      return spent
    },
  }
}

export const processorNs = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) * 1_000
}

export const HELP = `
  const rowOf = (key, least) => host.get(key) ?? least
  const zero = () => new Uint8Array(8)
  const numberOf = (row) => new DataView(row.buffer).getBigUint64(0)
  const bytesOf = (value) => { const row = zero(); new DataView(row.buffer).setBigUint64(0, value); return row }`
export const COUNTER = `${HELP}
  export function add() { const next = numberOf(rowOf('01', zero())) + 1n; host.set('01', bytesOf(next)) }`
