import { bytes, decode, encode, option, struct, u64 } from '@mmtchain/codec'
import { sealMessage } from '@mmtchain/consensus-dpos'
import type { Address, Block, EngineInput, Hash, Tip, ValidatorSet } from '@mmtchain/kernel'
import { testAccount } from '@mmtchain/testkit'
import { describe, expect, test } from 'vitest'
import { macSuite, type Network, network, SLOT_MS } from './network.ts'

// What one node does with blocks that it is given: the fork choice of LIP 0014, case by case, and the rules around it.

const fields = struct({
  ...{ turn: u64, reveal: option(bytes({ bytesMax: 64 })), maxHeightPrevoted: u64, maxHeightGenerated: u64 },
})
type Node = Network['nodes'][number]
interface Made {
  readonly block: Block
  readonly id: Hash
  readonly seal: Uint8Array
  readonly tip: Tip
}
interface Wish {
  /** The slot; its owner makes the block. */
  readonly turn: number
  readonly generated?: number
  readonly prevoted?: number
  readonly evidence?: readonly Uint8Array[]
  readonly change?: (block: Block) => Block
}

const ownerOf = (on: Network, turn: number): Node => on.nodes[(turn - 1) % 4] as Node

/** A branch of blocks from genesis on that nobody has seen yet, on a store of its own. */
function branch(on: Network, wishes: readonly Wish[]): readonly Made[] {
  const { machine } = on
  const store = on.emptyStore()
  let tip = store.first
  const last = new Map<Node, bigint>()
  return wishes.map(({ turn, generated, prevoted = 0, evidence = [], change = (one) => one }) => {
    const node = ownerOf(on, turn)
    const before = tip.header.height === 0n ? 0n : decode(fields, tip.header.consensus).turn
    const execution = machine.build(store.store, {
      parent: tip,
      proposer: node.address,
      request: {
        timeMs: tip.header.timeMs + SLOT_MS * (BigInt(turn) - before),
        round: turn - Number(before) - 1,
        consensus: encode(fields, {
          ...{ turn: BigInt(turn), reveal: null, maxHeightPrevoted: BigInt(prevoted) },
          maxHeightGenerated: generated === undefined ? (last.get(node) ?? 0n) : BigInt(generated),
        }),
        ...{ evidence, missProofs: [] },
      },
      candidates: [],
    })
    store.store.commitNow({ ...execution, seal: new Uint8Array(), checkpoint: new Uint8Array() })
    tip = execution.tip
    last.set(node, tip.header.height)
    const block = change(execution.block)
    const id = on.idOf(block.header)
    const seal = macSuite.sign(sealMessage(machine.engineChain.fingerprint, block.header, id), node.secret)
    return { block, id, seal, tip: execution.tip }
  })
}

function give(on: Network, node: Node, made: readonly Made[]): void {
  for (const { block, id, seal } of made)
    node.feed({ kind: 'block', from: 'peer', block, id, seal, nowMs: on.nowMs } satisfies EngineInput)
}

/** A node that only listens, on a chain of four validators of which none runs. */
function listener(slots: number) {
  const on = network({ nodes: 4, observers: 1, seed: 1 })
  const node = on.nodes[4] as Node
  node.start()
  on.work(slots)
  return { on, node }
}

describe('fork choice (LIP 0014)', () => {
  test('case 1: a block that is known is left alone', () => {
    const { on, node } = listener(1)
    const made = branch(on, [{ turn: 1 }])
    give(on, node, [...made, ...made])
    expect(node.tip.id).toBe(made[0]?.id)
    expect(node.stats).toMatchObject({ reverts: 0, invalid: 0, blames: [] })
  })

  test('case 2: a block on the tip is taken', () => {
    const { on, node } = listener(2)
    const made = branch(on, [{ turn: 1 }, { turn: 2 }])
    give(on, node, made)
    expect(node.tip.id).toBe(made[1]?.id)
  })

  test('case 3: of two blocks of one slot the first one stays', () => {
    const { on, node } = listener(1)
    const [first] = branch(on, [{ turn: 1 }])
    const [second] = branch(on, [{ turn: 1, generated: 1 }])
    give(on, node, [first, second] as Made[])
    expect(node.tip.id).toBe(first?.id)
    expect(node.stats.notes).toEqual(['a delegate signed two blocks that no honest one signs'])
  })

  test('case 4: one that comes within its slot replaces one that came late', () => {
    const { on, node } = listener(2)
    const [late] = branch(on, [{ turn: 1 }])
    const [inTime] = branch(on, [{ turn: 2 }])
    give(on, node, [late, inTime] as Made[])
    expect(node.tip.id).toBe(inTime?.id)
    expect(node.stats.reverts).toBe(1)
  })

  test('case 4: and not one that came within its own slot', () => {
    const { on, node } = listener(1)
    const [early] = branch(on, [{ turn: 1 }])
    give(on, node, [early] as Made[])
    on.work(1)
    give(on, node, branch(on, [{ turn: 2 }]))
    expect(node.tip.id).toBe(early?.id)
  })

  test('case 5: the longer branch of equal prevotes wins', () => {
    const { on, node } = listener(3)
    give(on, node, branch(on, [{ turn: 1 }]))
    const longer = branch(on, [{ turn: 2 }, { turn: 3 }])
    give(on, node, longer)
    expect(node.tip.id).toBe(longer[1]?.id)
  })

  test('case 5: more prevotes win over more blocks', () => {
    const { on, node } = listener(15)
    // Delegates 0 and 1 alone: five blocks, no quorum.
    const long = branch(
      on,
      [1, 2, 5, 6, 9, 10].map((turn) => ({ turn })),
    )
    give(on, node, long)
    expect(node.tip.header.height).toBe(6n)
    // Delegates 0, 1 and 2: the first block has a quorum, which the fourth one says.
    const short = branch(on, [
      ...[{ turn: 1 }, { turn: 2 }, { turn: 7, generated: 0 }],
      { turn: 11, generated: 3, prevoted: 1 },
    ])
    give(on, node, short)
    expect(node.tip.id).toBe(short[3]?.id)
  })

  test('the worse branch is kept out', () => {
    const { on, node } = listener(5)
    const made = branch(on, [{ turn: 1 }, { turn: 2 }, { turn: 3 }])
    give(on, node, made)
    give(on, node, branch(on, [{ turn: 2 }, { turn: 5 }]))
    expect(node.tip.id).toBe(made[2]?.id)
    expect(node.stats.reverts).toBe(0)
  })

  test('nothing goes below what is final', () => {
    const { on, node } = listener(24)
    const turns = [1, 2, 3, 5, 6, 7, 9, 10]
    const made = branch(on, honest(turns))
    give(on, node, made)
    expect(node.final).toBeGreaterThan(1n)
    const tip = node.tip.id
    // A branch from genesis that claims more prevotes than there can be.
    give(on, node, branch(on, [{ turn: 13 }, { turn: 14, prevoted: 1 }]))
    give(on, node, branch(on, honest([13, 14, 15, 17, 18, 19, 21, 22, 23])))
    expect(node.tip.id).toBe(tip)
  })
})

/** Wishes of honest delegates: each names the prevotes that its ancestors have, when every delegate but the fourth makes its turns. */
function honest(turns: readonly number[]): readonly Wish[] {
  return turns.map((turn, i) => ({ turn, prevoted: i < 3 ? 0 : i - 2 }))
}

describe('blocks that break the rules', () => {
  test.each([
    ['claims prevotes that its branch does not have', { turn: 1, prevoted: 0 }, { turn: 2, prevoted: 1 }],
  ])('one that %s is refused and its sender blamed', (_, ...wishes) => {
    const { on, node } = listener(2)
    const made = branch(on, wishes)
    give(on, node, made)
    expect(node.tip.id).toBe(made[0]?.id)
    expect(node.stats.blames).toEqual(['a block that breaks the rules of the chain'])
    expect(node.stats.invalid).toBe(0)
  })

  test('one that contradicts its own branch is refused', () => {
    const { on, node } = listener(5)
    const made = branch(on, [{ turn: 1 }, { turn: 5, generated: 0 }])
    give(on, node, made)
    expect(node.tip.id).toBe(made[0]?.id)
    expect(node.stats.blames).toEqual(['a block that breaks the rules of the chain'])
  })

  test('one without its owner’s seal is refused', () => {
    const { on, node } = listener(1)
    const [made] = branch(on, [{ turn: 1 }])
    give(on, node, [{ ...made, seal: new Uint8Array(32) } as Made])
    expect(node.tip.header.height).toBe(0n)
    expect(node.stats.blames).toEqual(['a block with a bad seal'])
  })

  test('a branch with a block that is not valid is left for the old one, and never tried again', () => {
    const { on, node } = listener(6)
    const old = branch(on, [{ turn: 1 }, { turn: 2 }])
    give(on, node, old)
    const wrong = (block: Block) => ({
      ...block,
      header: { ...block.header, stateRoot: block.header.txRoot.replace(/^../, 'ff') as Hash },
    })
    const [first, second] = branch(on, [{ turn: 3 }, { turn: 5, change: wrong }])
    const third = { ...second, block: second?.block } as Made
    give(on, node, [first as Made, third])
    // Not longer than the old one yet: a third block makes it so.
    expect(node.tip.id).toBe(old[1]?.id)
    const on3 = child(on, second as Made, 6)
    give(on, node, [on3])
    expect(node.tip.id).toBe(old[1]?.id)
    expect(node.stats).toMatchObject({ reverts: 2, invalid: 1 })
    give(on, node, [third, on3])
    expect(node.stats).toMatchObject({ reverts: 2, invalid: 1 })
  })

  test('a good header with another body does not keep the good block away', () => {
    const { on, node } = listener(1)
    const [made] = branch(on, [{ turn: 1 }])
    const other = { ...made, block: { ...made?.block, evidence: [Uint8Array.of(1)] } } as Made
    give(on, node, [other])
    expect(node.tip.header.height).toBe(0n)
    give(on, node, [made as Made])
    expect(node.tip.id).toBe(made?.id)
  })
})

test('a good block with another seal, which cannot be checked yet, does not keep the good one away', async () => {
  const on = network({ nodes: 4, observers: 1, elected: true, seed: 3 })
  for (const node of on.nodes.slice(0, 4)) node.start()
  on.work(20)
  const [giver, , , , node] = on.nodes as [Node, Node, Node, Node, Node]
  node.start()
  const height = Number(giver.tip.header.height)
  const blocks = await Promise.all(
    Array.from({ length: height }, (_, i) =>
      giver.store.block({ height: BigInt(i + 1) as Tip['header']['height'] }),
    ),
  )
  const made = blocks as unknown as readonly Made[]
  expect(height).toBeGreaterThan(12)
  // From the second epoch after the newest that the node knows.
  give(
    on,
    node,
    made.slice(8).map((one) => ({ ...one, seal: new Uint8Array(32) })),
  )
  expect(node.stats.blames).toEqual([])
  give(on, node, made.slice(0, 8))
  expect(new Set(node.stats.blames)).toEqual(new Set(['a block with a bad seal']))
  give(on, node, made.slice(8))
  expect(node.tip.id).toBe(giver.tip.id)
})

/** A block on one that nobody can execute, made by changing a header. */
function child(on: Network, parent: Made, turn: number): Made {
  const { header } = parent.block
  const node = ownerOf(on, turn)
  const before = decode(fields, header.consensus).turn
  const next = {
    ...header,
    height: (header.height + 1n) as typeof header.height,
    parent: parent.id,
    proposer: node.address,
    timeMs: header.timeMs + SLOT_MS * (BigInt(turn) - before),
    round: turn - Number(before) - 1,
    consensus: encode(fields, {
      turn: BigInt(turn),
      reveal: null,
      maxHeightPrevoted: 0n,
      maxHeightGenerated: 0n,
    }),
  }
  const id = on.idOf(next)
  const seal = macSuite.sign(sealMessage(on.machine.engineChain.fingerprint, next, id), node.secret)
  return { block: { ...parent.block, header: next }, id, seal, tip: parent.tip }
}

describe('time', () => {
  test('a block of a slot to come waits for it, one of a later slot is forgotten', () => {
    const { on, node } = listener(1)
    const [, soon] = branch(on, [{ turn: 1 }, { turn: 2 }])
    const [now] = branch(on, [{ turn: 1 }])
    give(on, node, [now, soon] as Made[])
    expect(node.tip.id).toBe(now?.id)
    give(on, node, branch(on, [{ turn: 3 }]))
    on.work(1)
    expect(node.tip.id).toBe(soon?.id)
  })

  test('an owner waits a fifth of its slot for the block of the slot before', () => {
    const on = network({ nodes: 4, seed: 1 })
    const node = on.nodes[1] as Node
    node.start()
    on.workMs(1_650n)
    expect(node.tip.header.height).toBe(0n)
    on.workMs(100n)
    expect(node.tip.header).toMatchObject({ height: 1n, round: 1 })
  })

  test('a block on one that is missing waits, and the missing ones are asked for', () => {
    const { on, node } = listener(3)
    const made = branch(on, [{ turn: 1 }, { turn: 2 }, { turn: 3 }])
    give(on, node, [made[2] as Made])
    expect(node.tip.header.height).toBe(0n)
    expect(node.asked).toEqual([{ kind: 'ask', value: { from: 1n, count: 2 } }])
    give(on, node, [made[1], made[0]] as Made[])
    expect(node.tip.id).toBe(made[2]?.id)
  })
})

describe('blocks that wait', () => {
  const waiting = ({ state }: Node) => (state as { readonly pool: ReadonlyMap<Hash, unknown> }).pool.size
  /** A block on one that nobody has. */
  const orphan = (on: Network, turn: number, number: number, strange = false) => {
    const [first] = branch(on, [{ turn: 1 }]) as [Made]
    const mark = number.toString(16).padStart(64, '0') as Hash
    const change = strange ? { validatorsHash: mark } : { stateRoot: mark }
    return child(
      on,
      { ...first, block: { ...first.block, header: { ...first.block.header, ...change } }, id: mark },
      turn,
    )
  }

  test('are at most two of one delegate for a slot', () => {
    const { on, node } = listener(5)
    give(
      on,
      node,
      Array.from({ length: 6 }, (_, i) => orphan(on, 3, i + 1)),
    )
    expect(waiting(node)).toBe(2)
  })

  test('are at most 256, of which 64 have a seal that cannot be checked yet, and go after 30 slots without parents', () => {
    const { on, node } = listener(400)
    give(
      on,
      node,
      Array.from({ length: 100 }, (_, i) => orphan(on, 2 + i, i + 1, true)),
    )
    expect(waiting(node)).toBe(64)
    give(
      on,
      node,
      Array.from({ length: 300 }, (_, i) => orphan(on, 2 + i, i + 1)),
    )
    expect(waiting(node)).toBe(256)
    on.work(30)
    expect(waiting(node)).toBe(256)
    on.work(2)
    expect(waiting(node)).toBe(0)
    expect(node.stats.blames).toEqual([])
    // The chain that is there is taken all the same.
    const made = branch(on, [{ turn: 1 }, { turn: 2 }])
    give(on, node, made)
    expect(node.tip.id).toBe(made[1]?.id)
  })
})

describe('a node that was stopped', () => {
  test('goes on with all that it knew of votes and of what is final', () => {
    const on = network({ nodes: 4, seed: 3 })
    for (const node of on.nodes) node.start()
    on.work(20)
    const node = on.nodes[0] as Node
    const before = node.state as { branch: { tipVotes: unknown; final: bigint } }
    node.crash()
    node.start()
    const after = node.state as { branch: { tipVotes: unknown; final: bigint } }
    expect(after.branch.tipVotes).toEqual(before.branch.tipVotes)
    expect(after.branch.final).toBe(before.branch.final)
  })

  test('knows who ruled after each block that can be taken back', () => {
    const on = network({ nodes: 4, observers: 2, elected: true, seed: 3 })
    // Two of four: nothing becomes final, and those that miss their turns lose their seats.
    for (const node of on.nodes.slice(0, 2)) node.start()
    on.work(30)
    const [node] = on.nodes as [Node]
    const rulers = () => {
      const { branch } = node.state as { branch: { links: { id: Hash; next: { set: ValidatorSet } }[] } }
      return branch.links.map(({ id, next }) => ({ id, next }))
    }
    const before = rulers()
    expect(new Set(before.map(({ next }) => next.set.epoch)).size).toBeGreaterThan(4)
    expect(new Set(before.flatMap(({ next }) => next.set.validators.map((one) => one.address))).size).toBe(6)
    node.crash()
    node.start()
    expect(rulers()).toEqual(before)
  })

  test('names the largest height that it made on any branch, known from the signer alone', () => {
    const on = network({ nodes: 4, seed: 1 })
    const node = on.nodes[0] as Node
    node.start()
    on.work(1)
    expect(node.tip.header.height).toBe(1n)
    node.crash()
    node.forget()
    node.start()
    // The store lost the block; the signer has not.
    expect(node.tip.header.height).toBe(0n)
    on.work(4)
    expect(node.tip.header.height).toBe(0n)
    expect(node.stats.notes).toEqual([
      'this node makes no block until the chain has passed the last one that it signed',
    ])
    give(on, node, branch(on, [{ turn: 2 }]))
    expect(decode(fields, node.tip.header.consensus)).toMatchObject({ maxHeightGenerated: 1n })
  })
})

describe('evidence', () => {
  test('of two blocks in a slot is in the next block of an honest delegate, once', () => {
    const on = network({ nodes: 4, seed: 1 })
    for (const node of on.nodes.slice(1)) node.start()
    on.work(1)
    const [first] = branch(on, [{ turn: 1 }])
    const [second] = branch(on, [{ turn: 1, generated: 1 }])
    for (const node of on.nodes.slice(1)) give(on, node, [first, second] as Made[])
    on.work(7)
    const node = on.nodes[1] as Node
    const told = node.evidence()
    expect(told).toEqual([{ culprit: on.nodes[0]?.address, height: 1n, kind: 'two blocks of one slot' }])
    expect(new Set(on.nodes.slice(1).map(({ tip }) => tip.id)).size).toBe(1)
  })

  test.each(['no evidence', 'a piece that proves nothing'])('a block with %s does not accuse', (what) => {
    const on = network({ nodes: 4, seed: 1 })
    const make = () => branch(on, [{ turn: 1, evidence: what === 'no evidence' ? [] : [Uint8Array.of(1)] }])
    if (what === 'no evidence') expect(make()).toHaveLength(1)
    else expect(make).toThrow(/proves nothing/)
  })
})

describe('a better branch of a set that nobody elected, after a restart', () => {
  /** A block beside the tip, of a set that nobody elected, by whoever signs. */
  const rival = (
    on: Network,
    node: Node,
    signer: { readonly address: Address; readonly secret: Uint8Array },
  ) => {
    const { header: old } = node.tip
    const said = decode(fields, old.consensus)
    const header = {
      ...old,
      proposer: signer.address,
      validatorsHash: old.validatorsHash.replace(/^../, 'ff') as Hash,
      consensus: encode(fields, { ...said, maxHeightPrevoted: old.height - 1n }),
    }
    const id = on.idOf(header)
    const message = sealMessage(on.machine.engineChain.fingerprint, header, id)
    const block = { header, transactions: [], evidence: [], missProofs: [] }
    return { block, id, seal: macSuite.sign(message, signer.secret), tip: node.tip }
  }
  const restarted = () => {
    const on = network({ nodes: 4, seed: 1 })
    for (const one of on.nodes) one.start()
    on.work(12)
    const [node, other] = on.nodes as [Node, Node]
    node.crash()
    node.start()
    return { on, node, other }
  }

  test.each([
    ['a stranger', () => testAccount('stranger')],
    ['a validator', (other: Node) => other],
  ])('is refused without leaving the own one, whether %s sealed it or not', (_, signerOf) => {
    const { on, node, other } = restarted()
    const { id } = node.tip
    give(on, node, [rival(on, node, signerOf(other))])
    expect(node.tip.id).toBe(id)
    expect(node.stats).toMatchObject({
      ...{ reverts: 0, invalid: 0 },
      blames: ['a block that breaks the rules of the chain'],
    })
    on.work(12)
    expect(on.nodes.map((one) => one.tip.id)).toEqual(Array(4).fill(node.tip.id))
  })
})

test('on a chain with an election a block without a reveal is nobody’s', () => {
  const on = network({ nodes: 4, observers: 1, elected: true, seed: 1 })
  expect(() => branch(on, [{ turn: 1 }])).toThrow(/reveal/)
})
