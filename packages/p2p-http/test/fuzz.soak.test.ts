import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test } from 'vitest'
import { closeAll, openNode, say, type TestNode, until } from './networks.ts'
import { meet, type Stranger } from './stranger.ts'

afterEach(closeAll)

const count = Math.max(2_000, Math.round(1_000_000 * (Number(process.env.MMT_SOAK_SCALE ?? '1') / 100)))
/** So many messages of one stranger, unless it is banned before. */
const PER_STRANGER = 400
const GROWTH_BYTES_MAX = 48 * 1024 * 1024

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** A generator of numbers below 2^32 (mulberry32, public domain). */
function numbersFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

const KINDS = ['consensus', 'block', 'announce', 'transactions']

test(`${count} fuzzed messages: no crash, memory flat, honest nodes unaffected`, {
  timeout: 6 * 3_600_000,
}, async () => {
  const seed = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 32)
  console.log(`seed ${seed}: MMT_SEED=${seed} repeats it`)
  const next = numbersFrom(seed)
  const one = await openNode(1, { limits: { inboundMax: 32 } })
  const honest = await openNode(2, { peers: [one.address] })
  await until('the honest ones are joined', () => one.events.length === 1 && honest.events.length === 1)

  /** A frame that a node may send, or almost. */
  function frame(): string | Uint8Array {
    const valid = {
      kind: 'message',
      value: [
        { kind: 'consensus', value: 'x'.repeat(next() % 50) },
        { kind: 'block', value: '0a'.repeat(next() % 200) },
        { kind: 'announce', value: { number: next() } },
        { kind: 'transactions', value: '0b'.repeat(next() % 50) },
      ][next() % KINDS.length],
    }
    const text = JSON.stringify(next() % 8 === 0 ? { kind: 'beat', value: beat() } : valid)
    switch (next() % 200) {
      case 0:
        return text.slice(0, next() % text.length)
      case 1:
        return Uint8Array.from({ length: next() % 300 }, () => next() % 256)
      case 2:
        return text.replace(/[0-9a-f]/, () => String.fromCharCode(next() % 65_536))
      case 3:
        return '['.repeat(next() % 50_000)
      default:
        return text
    }
  }
  const beat = () => ({ count: next(), sentMs: String(next()), height: String(next()), finalised: '0' })

  const heard = new Set<string>()
  let sent = 0
  let number = 3
  /** One more stranger, which says what comes to its mind until it is banned or has said enough. */
  async function stranger(): Promise<void> {
    const met: Stranger = await meet(one, number++)
    for (let i = 0; i < PER_STRANGER && met.socket.readyState === met.socket.OPEN; i++) {
      met.socket.send(frame())
      sent += 1
      if (met.socket.bufferedAmount > 100_000) await new Promise((resolve) => setTimeout(resolve, 5))
      else if (i % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    met.socket.close()
    await met.closed
  }

  let base = 0
  let said = 0
  while (sent < count) {
    await Promise.all([stranger(), stranger(), stranger(), stranger()])
    honest.membership.broadcast(say(`honest ${said++}`))
    forget(one)
    if (base === 0 && sent > count / 5) base = heapNow()
  }
  await until('all that the honest one said came', () => {
    forget(one)
    return heard.size === said
  })
  expect(heapNow() - base).toBeLessThan(GROWTH_BYTES_MAX)
  expect(one.membership.peers()).toContain(honest.name)
  expect(honest.events).toEqual([`joined ${one.name}`])

  /** Keeps of what was received only what the honest one said. */
  function forget({ received }: TestNode): void {
    for (const { from, message } of received.splice(0))
      if (from === honest.name) heard.add(String(message.value))
    one.events.splice(0)
  }
})

function heapNow(): number {
  collect()
  return process.memoryUsage().heapUsed
}
