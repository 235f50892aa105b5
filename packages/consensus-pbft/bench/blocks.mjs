// What a block costs each node of a full mesh in CPU, messages and bytes, without its execution:
//   node packages/consensus-pbft/bench/blocks.mjs [validators …]
// CPU is that of the process, all nodes in one, divided by nodes and blocks: steps of the engine, decoding, and one signing a statement. The
// last column is the share of it that nobody can save: checking one signature for each statement of each other validator.
import { decode, encode } from '@mmtchain/codec'
import { pbft } from '@mmtchain/consensus-pbft'
import { secp256k1, secp256k1Backend } from '@mmtchain/crypto'
import { createMachine, defineChain, memoryStore } from '@mmtchain/kernel'
import { testAccount } from '@mmtchain/testkit'

const BEGIN_MS = 1_700_000_000_000n
const SLOT_MS = 10_000n
const counts = process.argv.slice(2).map(Number)

console.log(`signatures: secp256k1, ${secp256k1Backend()}`)
console.log('validators   ms CPU/block/node   messages in/block/node   kB in/block/node   signature checks')
for (const count of counts.length > 0 ? counts : [4, 27, 108]) measure(count, count > 50 ? 4 : 40)

function measure(count, blocks) {
  const accounts = Array.from({ length: count }, (_, i) => testAccount(`bench ${i}`))
  const engine = pbft()
  const chain = defineChain({ id: 'pbft-bench', slotMs: Number(SLOT_MS), consensus: engine })
  const machine = createMachine(
    chain.genesis({
      timeMs: BEGIN_MS,
      validators: accounts.map(({ address, authority }) => ({ address, key: authority.keys[0] })),
      documents: {},
    }),
  )
  const store = memoryStore()
  const begun = machine.begin(store)
  store.commitNow({ ...begun, seal: new Uint8Array(), checkpoint: new Uint8Array() })
  let tip = begun.tip
  let nowMs = BEGIN_MS
  // Every node executes the same blocks, so that one store and one execution of each serve all.
  const executions = new Map()
  const nodes = accounts.map(({ address, secret }) => ({
    secret,
    address,
    timers: new Map(),
    state: engine.start({ chain: machine.engineChain, self: address }),
  }))
  let queue = []
  const traffic = { messages: 0, bytes: 0 }

  function feed(node, input) {
    const step = engine.step(node.state, { ...input, nowMs })
    node.state = step.state
    for (const effect of step.effects) carryOut(node, effect)
  }

  function carryOut(node, effect) {
    if (effect.kind === 'setTimer') node.timers.set(effect.name, effect.atMs)
    else if (effect.kind === 'send') {
      const bytes = encode(engine.message, effect.message)
      for (const to of nodes) if (to !== node) queue.push({ to, bytes })
    } else if (effect.kind === 'sign') {
      const signature = secp256k1.sign(effect.message, node.secret)
      queue.push({ to: node, input: { kind: 'signed', at: effect.at, signature } })
    } else if (effect.kind === 'buildBlock') {
      const { request } = effect
      const built = machine.build(store, { parent: tip, proposer: node.address, request, candidates: [] })
      executions.set(built.id, built)
      queue.push({ to: node, input: { kind: 'built', block: built.block, id: built.id } })
    } else if (effect.kind === 'validateBlock') {
      queue.push({ to: node, input: { kind: 'validated', id: effect.id, valid: executions.has(effect.id) } })
    } else if (effect.kind === 'commitBlock') {
      const execution = executions.get(effect.id)
      if (execution.tip !== tip) {
        store.commitNow({ ...execution, seal: effect.seal, checkpoint: effect.checkpoint })
        tip = execution.tip
      }
      queue.push({ to: node, input: { kind: 'tip', tip } })
    } else if (effect.kind === 'again') {
      queue.push({ to: node, input: effect.input })
    } else if (effect.kind !== 'sendBlock') throw new Error(`unexpected: ${effect.kind}`)
  }

  /** One slot, without loss and without delay. */
  function slot() {
    nowMs += SLOT_MS
    for (const node of nodes) {
      const isRound = node.timers.has('round')
      if (isRound) node.timers.delete('round')
      if (isRound) feed(node, { kind: 'timer', name: 'round' })
    }
    for (let at = 0; at < queue.length; at++) {
      const { to, bytes, input } = queue[at]
      if (bytes) {
        traffic.messages += 1
        traffic.bytes += bytes.length
      }
      feed(to, input ?? { kind: 'message', from: 'peer', message: decode(engine.message, bytes) })
    }
    queue = []
  }

  for (const node of nodes) feed(node, { kind: 'started', tip, checkpoint: new Uint8Array() })
  slot()
  const first = tip.header.height
  Object.assign(traffic, { messages: 0, bytes: 0 })
  const before = process.cpuUsage()
  for (let i = 0; i < blocks; i++) slot()
  const { user, system } = process.cpuUsage(before)
  if (tip.header.height !== first + BigInt(blocks)) throw new Error('a slot gave no block')

  const ms = (user + system) / 1_000 / blocks / count
  const per = (value) => value / blocks / count
  const row = [
    String(count).padStart(10),
    ms.toFixed(2).padStart(20),
    per(traffic.messages).toFixed(0).padStart(25),
    (per(traffic.bytes) / 1_000).toFixed(1).padStart(19),
    `${((100 * checksMs(2 * (count - 1) + 1)) / ms).toFixed(0)} %`.padStart(19),
  ]
  console.log(row.join(''))
}

/** CPU of so many signature checks. */
function checksMs(checks) {
  const { secret, authority } = testAccount('bench 0')
  const [{ key }] = authority.keys
  const message = new Uint8Array(132).fill(7)
  const signature = secp256k1.sign(message, secret)
  const before = process.cpuUsage()
  for (let i = 0; i < 2_000; i++) secp256k1.verify({ key, message, signature })
  const { user, system } = process.cpuUsage(before)
  return ((user + system) / 1_000 / 2_000) * checks
}
