import { createSandbox, hostFunction } from '@mmtchain/vm-sandbox'
import { expect, test } from 'vitest'
import { attacks, proxyOverflows } from './attacks.ts'
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

const honest = main(
  'const a = []; for (let i = 0; i < 999; i++) a.push({ i }); return JSON.stringify(a).length',
)

/** All of the memory as the first call of all sees it, and whether a later one sees the same. */
let picture: Buffer | undefined
const looks: boolean[] = []

/** A sandbox whose host function `seen` looks at all of its memory, and whose `spoil` writes over what no call should see. */
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
      spoil: hostFunction({
        takes: ['number'],
        gas: 0,
        run: (_, at) => void bytes().fill(0xa5, at, at + 64),
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

test('after programs that write much, the whole memory is that of the first call', () => {
  const one = newSandbox()
  const writers = [
    'const a = []; for (let i = 0; i < 20; i++) a.push(new Uint8Array(1e6).fill(7)); return a.length',
    'const a = []; for (;;) a.push(new Uint8Array(1e6).fill(7))',
    'let s = "ab"; for (;;) s = (s + s).replace("a", "b")',
    'for (const f = () => [f()]; ; ) f()',
    'return new Uint8Array(2e7).fill(1).toSorted().length',
  ]
  for (const body of writers) {
    one.call(main(body))
    expectUntouched(one, body)
  }
  for (const [name, body] of attacks) {
    one.call(main(body), 3_000_000n)
    expectUntouched(one, name)
  }
})

test.each(proxyOverflows)('%s takes all gas, the same each time, and nothing of it is left', (name, body) => {
  const [one, two] = [newSandbox(), newSandbox()]
  for (const gasMax of [600_000n, 1_000_000n, 4_000_000n, 30_000_000n]) {
    const outcome = one.call(main(body), gasMax)
    expect(outcome).toMatchObject({ gasUsed: gasMax })
    expect(outcome).toHaveProperty('code')
    expect(two.call(main(body), gasMax)).toEqual(outcome)
    expectUntouched(one, name)
    expectUntouched(two, name)
  }
})

test('what a stopped or faulted call wrote anywhere is gone', () => {
  const fault = (proxyOverflows[0] as (typeof proxyOverflows)[number])[1]
  // Between the engine's data and its stack, in the stack's depth, right above all memory in use, and at the very end.
  for (const at of [100_000, 4_000_000, 5_000_000, 12_000_000, 32 * 1024 * 1024 - 64])
    for (const end of [fault, 'for (;;) ;', 'const a = []; for (;;) a.push(new Uint8Array(1e6))']) {
      const one = newSandbox()
      expect(one.call(main(`host.spoil(${at}); ${end}`))).toHaveProperty('code')
      expectUntouched(one, `${at} ${end}`)
    }
})

test.each([500, 3_000, 3_500, 4_000])(
  'what a proxy with too many keys wrote, the first %d of them, is gone',
  (keys) => {
    const body = `const keys = new Proxy({}, {
      get(_, key) { if (key === 'length') return 2 ** 29 + 1; if (key > ${keys}) throw 1; return 'k' + (key % 99) } })
    try { Reflect.ownKeys(new Proxy({}, { ownKeys: () => keys })) } catch {}
    for (;;) ;`
    const one = newSandbox()
    expect(one.call(main(body))).toMatchObject({ code: expect.any(String), gasUsed: 100_000_000n })
    expectUntouched(one, body)
  },
)

test('loading that faults takes all gas that was offered, with the program kept or not', () => {
  const code = `${(proxyOverflows[0] as (typeof proxyOverflows)[number])[1].replaceAll('return', '')}; export const main = 1`
  const one = newSandbox()
  for (const gasMax of [5_000_000n, 9_000_000n, 5_000_000n, 200_000n]) {
    const outcome = one.call(code, gasMax)
    expect(outcome).toMatchObject({
      gasUsed: gasMax,
      code: gasMax > 200_000n ? 'sandbox/ENGINE_FAULT' : 'sandbox/OUT_OF_GAS',
    })
    expect(newSandbox().call(code, gasMax)).toEqual(outcome)
  }
  expectUntouched(one, code)
})
