import { bool, bytes, encode, type Infer, list, struct } from '@mmtchain/codec'
import { type HostFunctions, hostFunction, type Sandbox, type SandboxPrices } from '@mmtchain/kernel'
import {
  type Address,
  addressFromBytes,
  ChainError,
  fromHex,
  amount as toAmount,
  toHex,
} from '@mmtchain/primitives'
import { callContract, type Frame } from './calls.ts'
import type { Capability } from './capabilities.ts'
import { dropRow, putRow } from './deposits.ts'
import { EVENT_BYTES_MAX, KEY_BYTES_MAX, ROW_BYTES_MAX } from './nouns.ts'
import { fire } from './plans.ts'

/** What a contract reads of a table at once: rows in ascending order of their keys, and whether there are more. */
export const page = struct({
  rows: list(struct({ key: bytes({ bytesMax: KEY_BYTES_MAX }), value: bytes({ bytesMax: ROW_BYTES_MAX }) }), {
    max: 64,
  }),
  more: bool,
})
/** A page ends with the row that comes to so many bytes. */
const PAGE_BYTES = 32_768
const PAGE_ROWS_MAX = 64

/** What work costs whose size shows only when it is done. 1,000 gas stand for a microsecond. */
const gasOf = {
  ...{
    row: 20_000n,
    writtenByte: 100n,
    saidByte: 20n,
    refusedLetter: 80n,
    scannedByte: 10n,
    keyByte: 300n,
    fired: 100_000n,
  },
}

/** All that host functions charge while they run: also what the chain file wants for what contracts use of other modules. */
export function pricesOf(capabilities: ReadonlyMap<string, Capability>): SandboxPrices {
  return {
    ...gasOf,
    ...Object.fromEntries([...capabilities].map(([name, { gas }]) => [name, BigInt(gas)])),
  }
}

/** The functions that contracts call, as `host.NAME(…)`. Keys are hex, so that tables of contracts are ordered as those of modules. */
export function hostOf(sandbox: () => Sandbox<Frame>): HostFunctions<Frame> {
  const charge = (gas: bigint) => sandbox().charge(gas)
  return {
    get: hostFunction({
      takes: ['text'],
      gas: 20_000,
      run: (frame: Frame, key) => frame.run.ctx.state.rows.get([frame.self, keyOf(frame, key)])?.value,
    }),
    set: hostFunction({
      takes: ['text', 'bytes'],
      gas: 60_000,
      run(frame: Frame, key, value) {
        const { ctx } = changing(frame, 'write')
        const row = keyOf(frame, key)
        if (value.length > ROW_BYTES_MAX)
          throw ctx.fail.ROW_TOO_LARGE({ have: value.length, max: ROW_BYTES_MAX })
        charge(BigInt(row.length + value.length) * gasOf.writtenByte)
        putRow(frame.run, frame.self, row, value)
      },
    }),
    delete: hostFunction({
      takes: ['text'],
      gas: 60_000,
      run(frame: Frame, key) {
        changing(frame, 'write')
        dropRow(frame.run, frame.self, keyOf(frame, key))
      },
    }),
    /** The rows whose keys begin with `prefix`, from the key `from` on, at most `limit` of them and 64. */
    scan: hostFunction({
      takes: ['text', 'text', 'number'],
      gas: 100_000,
      run(frame: Frame, prefix, from, limit) {
        const { ctx } = frame.run
        const within = toHex(keyOf(frame, prefix))
        // A limit that is no number is none.
        const most = limit < PAGE_ROWS_MAX ? limit : PAGE_ROWS_MAX
        const first = from > within ? from : within
        const rows: Infer<typeof page>['rows'][number][] = []
        let size = 0
        for (const [[, key], { value }] of ctx.state.rows.entries({
          prefix: [frame.self],
          from: [frame.self, keyOf(frame, first)],
        })) {
          charge(gasOf.row + BigInt(key.length + value.length) * gasOf.scannedByte)
          if (!toHex(key).startsWith(within)) break
          if (rows.length >= most || size > PAGE_BYTES) return encode(page, { rows, more: true })
          rows.push({ key, value })
          size += key.length + value.length
        }
        return encode(page, { rows, more: false })
      },
    }),
    emit: hostFunction({
      takes: ['text', 'bytes'],
      gas: 60_000,
      run(frame: Frame, event, data) {
        const { ctx } = changing(frame, 'say something')
        checkName(frame, event)
        if (data.length > EVENT_BYTES_MAX)
          throw ctx.fail.ROW_TOO_LARGE({ have: data.length, max: EVENT_BYTES_MAX })
        charge(BigInt(data.length) * gasOf.saidByte)
        ctx.emit.said({ contract: frame.self, name: event, data })
        const fired = BigInt(fire(ctx, { source: frame.self, event, data }))
        charge(fired * (gasOf.fired + BigInt(data.length) * gasOf.writtenByte))
      },
    }),
    /** Pays from the contract's own account. */
    pay: hostFunction({
      takes: ['text', 'integer'],
      gas: 60_000,
      run(frame: Frame, to, amount) {
        const { ctx } = changing(frame, 'pay')
        ctx.needs.token.move({ from: frame.self, to: addressOf(frame, to), amount: toAmount(amount) })
      },
    }),
    balance: hostFunction({
      takes: ['text'],
      gas: 30_000,
      run: (frame: Frame, owner) => frame.run.ctx.needs.token.balance(addressOf(frame, owner)),
    }),
    /** Calls another contract with an amount from this one's account and some gas, 0 for all: at most 63 parts in 64 of what is left. */
    call: hostFunction({
      takes: ['text', 'text', 'bytes', 'integer', 'integer'],
      gas: 150_000,
      run(frame: Frame, to, method, input, amount, gas) {
        const contract = addressOf(frame, to)
        checkName(frame, method)
        if (amount > 0n) changing(frame, 'pay')
        const most = (sandbox().gasLeft() * 63n) / 64n
        const given = gas > 0n && gas < most ? gas : most
        const called = callContract(frame.run, {
          ...{ contract, method, input, sender: frame.self },
          ...{ amount: toAmount(amount), gas: given },
        })
        charge(called.gasUsed)
        if (!called.ok) throw called.error
        return called.result
      },
    }),
    /** Uses a capability that the chain file offers. */
    use: hostFunction({
      takes: ['text', 'bytes'],
      gas: 10_000,
      run(frame: Frame, capability, input) {
        const { ground, ctx, reading } = frame.run
        const found = ground.capabilities.get(capability)
        if (!found)
          throw ctx.fail.UNKNOWN_CAPABILITY({ capability, known: [...ground.capabilities.keys()].sort() })
        if (reading && found.changes) throw ctx.fail.READ_ONLY({ what: `use ${capability}` })
        charge(BigInt(found.gas))
        const [module = ''] = capability.split('.', 1)
        const api = (ctx.needs as { readonly [module: string]: unknown })[module]
        return found.run(api as never, { contract: frame.self, input })
      },
    }),
    /** Ends in a refusal of the contract's own, `contract/KEY`, whose texts are for people. */
    refuse: hostFunction({
      takes: ['text', 'text', 'text'],
      gas: 1_000,
      run(frame: Frame, key, message, hint) {
        charge(BigInt(message.length + hint.length) * gasOf.refusedLetter)
        if (!/^[A-Z][A-Z0-9_]{0,47}$/.test(key)) throw frame.run.ctx.fail.BAD_NAME({})
        throw new ChainError({
          code: `contract/${key}`,
          message: message.slice(0, 500),
          hint: hint.slice(0, 500),
        })
      },
    }),
  }
}

/** The run, where it may change something. */
function changing({ run }: Frame, what: string) {
  if (run.reading) throw run.ctx.fail.READ_ONLY({ what })
  return run
}

function keyOf({ run }: Frame, hex: string): Uint8Array {
  if (hex.length < 2 || hex.length > 2 * KEY_BYTES_MAX || !/^([0-9a-f]{2})+$/.test(hex))
    throw run.ctx.fail.BAD_KEY({})
  run.ground.sandbox.charge((BigInt(hex.length) * gasOf.keyByte) / 2n)
  return fromHex(hex)
}

function addressOf({ run }: Frame, text: string): Address {
  if (!/^0x[0-9a-f]{64}$/.test(text)) throw run.ctx.fail.BAD_ADDRESS({})
  return addressFromBytes(fromHex(text.slice(2)))
}

function checkName({ run }: Frame, name: string): void {
  if (!/^[a-zA-Z][a-zA-Z0-9]{0,31}$/.test(name)) throw run.ctx.fail.BAD_NAME({})
}
