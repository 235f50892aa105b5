import { readFileSync } from 'node:fs'
import { ChainError } from '@mmtchain/primitives'
import { createSandbox, hostFunction } from '@mmtchain/vm-sandbox'
import { expect, test } from 'vitest'
import { anywhere, attacks } from './attacks.ts'
import { kept, main } from './run.ts'

// What a machine's memory holds is seen by keeping the memories that are made, and by nothing of the sandbox itself.
let memories: WebAssembly.Memory[] = []
const { Memory } = WebAssembly
WebAssembly.Memory = class extends Memory {
  constructor(descriptor: WebAssembly.MemoryDescriptor) {
    super(descriptor)
    memories.push(this)
  }
}

const SEED = Number(process.env.MMT_SEED ?? Date.now() % 2 ** 31)
/** Numbers from 0 up to 1, the same for the same seed. */
const random = (() => {
  let state = SEED
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
})()

const honest = main(
  'const a = []; for (let i = 0; i < 999; i++) a.push({ i }); return JSON.stringify(a).length',
)

/** All of the memory as the first call of all sees it, and whether a later one sees the same. */
let picture: Buffer | undefined
const looks: boolean[] = []

/** A sandbox whose host function `seen` looks at all of its memory. */
function newSandbox() {
  const own: WebAssembly.Memory[] = []
  const bytes = () => Buffer.from((own[0] as WebAssembly.Memory).buffer)
  const made = createSandbox({
    host: {
      seen: hostFunction({
        takes: [],
        gas: 0,
        run(_: null) {
          picture ??= Buffer.from(bytes())
          looks.push(picture.equals(bytes()))
        },
      }),
      take: hostFunction({
        takes: ['text', 'bytes', 'integer'],
        gas: 0,
        run: (_, text, bytes, integer) => `${text} ${bytes} ${integer}`,
      }),
      refuse: hostFunction({
        takes: [],
        gas: 0,
        run() {
          throw new ChainError({ code: 'a/REFUSED', message: 'No.', hint: 'None.' })
        },
      }),
    },
  })
  const call = (code: string, gasMax = 100_000_000n) => {
    memories = own
    return kept(
      made.call({
        ...{ program: made.program(code), method: 'main', args: [], gasMax },
        ...{ timeMs: 0n, seed: new Uint8Array(32), context: null },
      }),
    )
  }
  return { call, machines: () => own.length }
}

const look = main('host.seen(); return 1')
const [seen, fresh] = [newSandbox().call(look), newSandbox().call(honest)]

/** The memory that a call sees is, to the last byte, that of the first call of all; and what it gives is the same. */
function expectUntouched({ call, machines }: ReturnType<typeof newSandbox>, what: string): void {
  expect(call(look), what).toEqual(seen)
  expect(looks.at(-1), what).toBe(true)
  expect(call(honest), what).toEqual(fresh)
  // One machine did it all, else this would show nothing.
  expect(machines()).toBe(1)
}

const writers = [
  'const a = []; for (let i = 0; i < 20; i++) a.push(new Uint8Array(1e6).fill(7)); return a.length',
  'const a = []; for (;;) a.push(new Uint8Array(1e6).fill(7))',
  'let s = "ab"; for (;;) s = (s + s).replace("a", "b")',
  'for (const f = () => [f()]; ; ) f()',
  'return new Uint8Array(2e7).fill(1).toSorted().length',
]

test('after programs that write much, and after all attacks, the whole memory is that of the first call', () => {
  const one = newSandbox()
  for (const body of writers) {
    one.call(main(body))
    expectUntouched(one, body)
  }
  for (const [name, body] of attacks) {
    one.call(main(body))
    expectUntouched(one, name)
  }
})

test(`stopped anywhere, a call leaves nothing (seed ${SEED})`, () => {
  // The second machine has done other work before each, so that equal ends are not those of equal pasts.
  const [one, two] = [newSandbox(), newSandbox()]
  const stops = Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1') / 10)
  const works: readonly (readonly [string, string])[] = [
    ...writers.map((body) => [body, body] as const),
    ...attacks.map(([name, body]) => [name, body] as const),
  ]
  let stopped = 0
  for (const [name, body] of works) {
    const whole = one.call(main(body))
    const needs = Number(whole.gasUsed)
    for (let i = 0; i < stops; i++) {
      const gasMax = BigInt(Math.floor(300_000 + random() * Math.max(0, needs - 300_000)))
      const outcome = one.call(main(body), gasMax)
      expect(two.call(main(body), gasMax), name).toEqual(outcome)
      if ('code' in outcome && outcome.code === 'sandbox/OUT_OF_GAS') stopped++
      expectUntouched(one, `${name} at ${gasMax}`)
    }
  }
  expect(stopped).toBeGreaterThan(works.length / 2)
})

// What code can do that has all of its memory at will.
test('a call that spoils its memory ends alike on all machines, however it ends, and leaves nothing', () => {
  // Among the data, at their end, between them and the stack, in the stack, right above all memory in use, and at the very end.
  const places = [50_000, 90_207, 90_208, 1_000_000, 5_070_943, 5_200_000, 5_900_000, 12_000_000, 33_554_431]
  const own = [50_000, 90_207, 5_200_000]
  const one = newSandbox()
  for (const place of places)
    for (const end of [
      'return 1',
      'throw 1',
      'for (;;) ;',
      'const a = []; for (;;) a.push(new Uint8Array(1e6))',
    ]) {
      const code = main(anywhere(`write(${place}, 165); ${end}`))
      const outcome = one.call(code, 30_000_000n)
      expect(newSandbox().call(code, 30_000_000n), code).toEqual(outcome)
      if (own.includes(place)) expect(outcome).not.toHaveProperty('code', 'sandbox/ENGINE_FAULT')
      else expect(outcome).toMatchObject({ code: 'sandbox/ENGINE_FAULT', gasUsed: 30_000_000n })
      expectUntouched(one, code)
      // What was not written reads as zero, whoever asks and whatever was before.
      if (!own.includes(place))
        expect(one.call(main(anywhere(`return read(${place})`)), 30_000_000n)).toHaveProperty('value', 0)
    }
})

test(`a call that spoils its own memory anyhow is refused or ends, and is none of the host’s (seed ${SEED})`, () => {
  const one = newSandbox()
  const ends = new Map<string, number>()
  const works = [
    'return [host.take("text", new Uint8Array([1, 2]), 12345678901234567890n), JSON.stringify({ a: [1, 2] })].join()',
    'console.log("a", 1n, {}); return new Uint8Array(100).fill(3)',
    'return 2n ** 200n * BigInt(Date.now() + 1)',
    'try { host.refuse() } catch (e) { throw e }',
    'return (async () => { await 1; return new Date(1e12).toString() + Math.random() })()',
    'return Array.from({ length: 500 }, (_, i) => ({ i, s: String(i) })).map((o) => o.s).sort().join().replace(/1./g, "x")',
    'return [..."a船🚢"].reverse().join("")',
  ]
  const parts: readonly (readonly [number, number])[] = [
    [1_024, 89_000],
    [5_200_000, 133_000],
    [5_333_088, 100_000],
    [5_333_088, 2_000],
  ]
  const runs = 60 * Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1') / 2)
  for (let i = 0; i < runs; i++) {
    const [from, size] = parts[i % parts.length] as readonly [number, number]
    const code = main(
      anywhere(`let state = ${Math.floor(random() * 2 ** 31)}
        for (let i = 0; i < ${Math.ceil(random() * 300)}; i++) {
          state = (Math.imul(state, 1103515245) + 12345) | 0
          write(${from} + ((state >>> 8) % ${size}), state >>> 24)
        }
        ${works[i % works.length]}`),
    )
    const outcome = one.call(code, 30_000_000n)
    expect(newSandbox().call(code, 30_000_000n), code).toEqual(outcome)
    const end = 'code' in outcome ? outcome.code : 'ok'
    expect(end).toMatch(/^ok$|^sandbox\//)
    ends.set(end, (ends.get(end) ?? 0) + 1)
    expectUntouched(one, code)
  }
  console.info(Object.fromEntries(ends))
  expect(ends.size).toBeGreaterThan(2)
})

test('loading that faults takes all gas that was offered, with the program kept or not', () => {
  const code = `(() => { ${anywhere('write(1000000, 1)')} })(); export const main = () => 1`
  const one = newSandbox()
  for (const gasMax of [15_000_000n, 19_000_000n, 15_000_000n, 200_000n]) {
    const outcome = one.call(code, gasMax)
    expect(outcome).toMatchObject({
      gasUsed: gasMax,
      code: gasMax > 200_000n ? 'sandbox/ENGINE_FAULT' : 'sandbox/OUT_OF_GAS',
    })
    expect(newSandbox().call(code, gasMax)).toEqual(outcome)
  }
  expectUntouched(one, code)
})

test(`the engine’s own functions, called with anything, write nowhere but in its own memory (seed ${SEED})`, () => {
  const module = new WebAssembly.Module(readFileSync(new URL('../engine/quickjs.wasm', import.meta.url)))
  const memory = new Memory({ initial: 512, maximum: 512 })
  const bytes = Buffer.from(memory.buffer)
  const host = Object.fromEntries(
    WebAssembly.Module.imports(module)
      .filter(({ kind }) => kind === 'function')
      .map(({ name }) => [name, () => 0]),
  )
  const { exports } = new WebAssembly.Instance(module, { host, a: { a: memory } })
  const { gas, pages, pagesMax, window, dataEnd, windowStart, stackPointer, stackTop, slackBytes, ...rest } =
    exports as unknown as { readonly [name: string]: WebAssembly.Global }
  const at = (global: WebAssembly.Global | undefined): number => global?.value
  const set = (global: WebAssembly.Global | undefined, value: unknown) => {
    if (global) global.value = value
  }
  const functions = Object.values(rest as { readonly [name: string]: unknown }).filter(
    (one): one is (...values: number[]) => number => typeof one === 'function',
  )
  expect(functions.length).toBeGreaterThan(25)
  const unused = () => {
    const end = at(pages) * 65_536 + at(slackBytes)
    return [bytes.subarray(at(dataEnd) + at(slackBytes), at(windowStart)), bytes.subarray(end)].every(
      (part) => part.indexOf(1) < 0 && part.equals(Buffer.alloc(part.length)),
    )
  }
  const edges = [at(dataEnd), at(windowStart), at(stackTop), 6_000_000, memory.buffer.byteLength, 2 ** 31]
  const any = () => {
    const near = edges[Math.floor(random() * edges.length)] as number
    return [
      0,
      1,
      Math.floor(random() * 2 ** 32),
      Math.floor(random() * 33e6),
      near + Math.floor(random() * 64 - 32),
    ][Math.floor(random() * 5)] as number
  }
  let [ended, faulted] = [0, 0]
  for (let i = 0; i < 300; i++) {
    // Data, stack and heap full of places, as a spoilt engine has them.
    for (const [from, to] of [
      [1024, at(dataEnd)],
      [at(windowStart), at(stackTop)],
      [at(stackTop), at(stackTop) + 100_000],
    ] as const)
      for (let place = from - (from % 4); place < to - 4; place += 4 * Math.ceil(random() * 40))
        bytes.writeUInt32LE(any() >>> 0, place)
    set(pages, 90)
    set(pagesMax, 512)
    set(window, 90 * 65_536 - at(windowStart))
    set(stackPointer, at(stackTop))
    set(gas, 300_000n)
    try {
      ;(functions[Math.floor(random() * functions.length)] as (...values: number[]) => number)(
        ...Array.from({ length: 6 }, any),
      )
      ended++
    } catch (error) {
      expect(error).toBeInstanceOf(WebAssembly.RuntimeError)
      faulted++
    }
    if (i % 10 === 0 || i > 290) expect(unused()).toBe(true)
  }
  expect(Math.min(ended, faulted)).toBeGreaterThan(20)
})
