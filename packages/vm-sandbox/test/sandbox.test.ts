import { createSandbox, hostFunction, type Value } from '@mmtchain/vm-sandbox'
import { expect, test } from 'vitest'
import { answer, GAS, host, kept, main, newWorld, run, sandbox } from './run.ts'

const echo = 'export const main = (value) => value'

test.each<readonly [string, Value]>([
  ['nothing', undefined],
  ['null', null],
  ['true', true],
  ['false', false],
  ['zero', 0],
  ['minus zero', -0],
  ['the largest small number', 2 ** 31 - 1],
  ['the smallest small number', -(2 ** 31)],
  ['a number beyond', 2 ** 31],
  ['a fraction', 0.1],
  ['infinity', -Infinity],
  ['not a number', Number.NaN],
  ['the smallest float', 5e-324],
  ['a small bigint', -5n],
  ['a great bigint', -(2n ** 4_000n)],
  ['no text', ''],
  ['text', 'naïve 船 🚢'],
  ['a byte order mark', '\ufeffx'],
  ['no bytes', new Uint8Array()],
  ['bytes', new Uint8Array([0, 1, 255, 0])],
])('%s crosses unchanged, in and out and through the host', (_, value) => {
  expect(answer(run(echo, { args: [value] }))).toEqual(value)
  const same = createSandbox({
    host: { same: hostFunction({ takes: ['value'], gas: 0, run: (_: null, v) => v }) },
  })
  const through = same.call({
    program: same.program('export const main = (value) => host.same(value)'),
    ...{ method: 'main', args: [value], gasMax: GAS, timeMs: 0n, seed: new Uint8Array(32), context: null },
  })
  expect(answer(through)).toEqual(value)
})

test.each([
  ['an object', '({})'],
  ['a list', '[1]'],
  ['a function', '() => 1'],
  ['a symbol', 'Symbol("a")'],
  ['other bytes', 'new Uint16Array(2)'],
  ['a buffer', 'new ArrayBuffer(2)'],
  ['a proxy of bytes', 'new Proxy(new Uint8Array(1), {})'],
  ['something that says it is bytes', '({ __proto__: Uint8Array.prototype })'],
  ['an unpaired surrogate', '"\\ud800"'],
  ['the last surrogate, between letters', '"é\\udfff船"'],
  // A decoder that puts three marks for the surrogate comes to the same length.
  ['a surrogate with a zero after it', '"\\ud800\\0a"'],
  ['text with a zero', '"a\\0b"'],
  ['a joined text with a zero', '"a".repeat(9000) + "\\0" + "b".repeat(9000)'],
  ['text that is too long', '"a".repeat(65537)'],
  ['text that is too long in bytes', '"é".repeat(40000)'],
  ['bytes that are too many', 'new Uint8Array(65537)'],
  ['a bigint that is too great', '2n ** 5000n'],
])('%s does not cross', (_, value) => {
  expect(answer(run(main(`return ${value}`)))).toEqual({ error: 'sandbox/BAD_RESULT' })
  expect(answer(run(main(`try { host.event('a', ${value}) } catch (e) { return 'refused' }`)))).toBe(
    'refused',
  )
})

test('text beside surrogates crosses: the last before them, the mark of what cannot be read, pairs', () => {
  for (const text of ['\ud7ff', '\ue000', '\ufffd', '\ufeff', '힣'.repeat(20_000), '🚢'.repeat(10_000)])
    expect(answer(run(echo, { args: [text] }))).toBe(text)
})

test('the longest text and the most bytes cross', () => {
  expect(answer(run(main('return "a".repeat(65536)')))).toBe('a'.repeat(65_536))
  expect(answer(run(main('return new Uint8Array(65536).fill(7)')))).toEqual(new Uint8Array(65_536).fill(7))
  expect(answer(run(main('let s = ""; for (let i = 0; i < 20000; i++) s += "ab"; return s')))).toBe(
    'ab'.repeat(20_000),
  )
})

test('arguments that cannot enter are the caller’s mistake', () => {
  for (const value of ['a\0b', '\ud800', 'x'.repeat(70_000), new Uint8Array(70_000), 10n ** 1_400n])
    expect(() => run(echo, { args: [value] })).toThrow(
      expect.objectContaining({ code: 'sandbox/BAD_ARGUMENT' }),
    )
  expect(() => run(echo, { args: Array.from({ length: 17 }, () => 0) })).toThrow(
    expect.objectContaining({ code: 'sandbox/BAD_ARGUMENT' }),
  )
})

test('host functions see and change the caller’s world', () => {
  const world = newWorld()
  const code = `
    export function main() {
      host.put('balance', new Uint8Array([3]))
      const found = host.get('balance')
      found[0] += 4
      host.put('balance', found)
      host.event('changed', found)
      host.event('count', 12n)
      return host.get('none')
    }`
  expect(answer(run(code, { world }))).toBe(undefined)
  expect(world.table).toEqual(new Map([['balance', new Uint8Array([7])]]))
  expect(world.events).toEqual(['changed 7', 'count 12'])
})

test('a refusal of the host is an error of code, which sees its code alone', () => {
  expect(answer(run(main('return host.pay(100n)')))).toBe(true)
  expect(answer(run(main('try { host.pay(101n) } catch (e) { return e.code + " " + e.message }')))).toBe(
    'token/POOR token/POOR',
  )
  const uncaught = run(main('host.pay(101n)'))
  expect(kept(uncaught)).toMatchObject({ code: 'sandbox/THREW', refusal: 'token/POOR' })
  const forged = run(main('const e = new Error("token/POOR"); e.code = "token/POOR"; throw e'))
  expect(kept(forged)).toMatchObject({ code: 'sandbox/THREW', refusal: undefined })
})

test('what the host takes is checked by kind and number', () => {
  const caught = (call: string) => answer(run(main(`try { ${call} } catch (e) { return e.message }`)))
  expect(caught('host.get()')).toBe('too few arguments')
  expect(caught('host.get(1)')).toBe('argument 0: not text')
  expect(caught('host.put("a", "b")')).toBe('argument 1: not bytes')
  expect(caught('host.pay(1)')).toBe('argument 0: not integer')
  expect(caught('host.get({ toString() { return "a" } })')).toBe(
    'argument 0: it is of a kind that does not cross',
  )
})

test('a fault of the host is no business of code', () => {
  const faulty = createSandbox({
    host: {
      fail: hostFunction({
        takes: [],
        gas: 0,
        run(_: null) {
          throw new RangeError('disk')
        },
      }),
    },
  })
  const request = {
    program: faulty.program(main('try { host.fail() } catch {} finally { return 1 }')),
    ...{ method: 'main', args: [], gasMax: GAS, timeMs: 0n, seed: new Uint8Array(32), context: null },
  }
  expect(() => faulty.call(request)).toThrow('disk')
  const next = faulty.call({ ...request, program: faulty.program(main('return 2')) })
  expect(answer(next)).toBe(2)
})

test('async functions settle within the call', () => {
  expect(
    answer(
      run('export async function main() { await 1; return await Promise.all([2, 3]).then((a) => a[1]) }'),
    ),
  ).toBe(3)
  expect(answer(run('export const main = () => new Promise(() => {})'))).toEqual({
    error: 'sandbox/NEVER_SETTLED',
  })
  expect(answer(run('export const main = async () => { await null; throw 1 }'))).toEqual({
    error: 'sandbox/THREW',
  })
  expect(answer(run('const x = await 5; export const main = () => x'))).toBe(5)
})

test('nothing of one call is there in the next', () => {
  const code =
    'let n = 0; globalThis.m = 0; export const main = () => [++n, ++m, ++Math.n || (Math.n = 0)].join()'
  const first = run(code)
  expect(answer(first)).toBe('1,1,0')
  for (let i = 0; i < 5; i++) expect(kept(run(code))).toEqual(kept(first))
  expect(answer(run(main('return typeof m + Math.n')))).toBe('undefinedundefined')
})

test('gas is the same on a loaded and an unloaded machine, and after whatever ran before', () => {
  const code = main('let x = 0; for (let i = 0; i < 1000; i++) x += i; return x + JSON.stringify([x])')
  const cold = createSandbox({ host })
  const call = (on: typeof sandbox) =>
    on.call({
      ...{ program: on.program(code), method: 'main', args: [], gasMax: GAS, timeMs: 0n },
      ...{ seed: new Uint8Array(32), context: newWorld() },
    })
  const want = kept(call(cold))
  run(main('let s = []; for (let i = 0; i < 1e5; i++) s.push({ i }); return s.length'))
  for (let i = 0; i < 3; i++) expect(kept(call(sandbox))).toEqual(want)
  expect(want).toMatchObject({ value: '499500[499500]' })
})

test('exactly the gas that a call takes is enough for it, and one less is not', () => {
  const code = main('let x = 0; for (let i = 0; i < 500; i++) x += i; return x')
  const { gasUsed } = run(code)
  expect(kept(run(code, { gasMax: gasUsed }))).toMatchObject({ value: 124_750, gasUsed })
  expect(kept(run(code, { gasMax: gasUsed - 1n }))).toMatchObject({
    ...{ code: 'sandbox/OUT_OF_GAS', gasUsed: gasUsed - 1n },
  })
})

test('loading is paid by every call, with one gas as with all', () => {
  const code = `const table = Array.from({ length: 5000 }, (_, i) => i * i); ${main('return table[9]')}`
  const program = sandbox.program(code)
  const loading = sandbox.load({ program, gasMax: GAS })
  expect(loading.ok).toBe(true)
  const called = run(code)
  expect(called.gasUsed).toBeGreaterThan(loading.gasUsed)
  for (const gasMax of [0n, 1n, loading.gasUsed - 1n])
    expect(kept(run(code, { gasMax }))).toMatchObject({ code: 'sandbox/OUT_OF_GAS', gasUsed: gasMax })
  const unloaded = createSandbox({ host })
  const short = unloaded.load({ program, gasMax: loading.gasUsed - 1n })
  expect(short).toMatchObject({ ok: false, gasUsed: loading.gasUsed - 1n })
  expect(unloaded.load({ program, gasMax: loading.gasUsed })).toEqual(loading)
})

test('code that does not load is told with its gas', () => {
  for (const code of [
    '1 +',
    'import "a"; export const main = 1',
    'throw 1',
    'host.get("a")',
    'await host.pay(1n)',
  ]) {
    expect(kept(run(code)), code).toMatchObject({ code: 'sandbox/BAD_CODE' })
    expect(kept(run(code))).toEqual(kept(run(code)))
  }
  expect(answer(run('await new Promise(() => {})'))).toEqual({ error: 'sandbox/NEVER_SETTLED' })
  expect(() => sandbox.program('a\0')).toThrow(expect.objectContaining({ code: 'sandbox/BAD_CODE' }))
  expect(() => sandbox.program('/'.repeat(600_000))).toThrow(
    expect.objectContaining({ code: 'sandbox/BAD_CODE' }),
  )
})

test('only exported functions are methods', () => {
  const code = 'export const main = 1; function hidden() {} export { hidden as shown }'
  for (const method of ['main', 'hidden', 'toString', '__proto__', 'constructor', ''])
    expect(answer(run(code, { method })), method).toEqual({ error: 'sandbox/NO_METHOD' })
  expect(answer(run(code, { method: 'shown' }))).toBe(undefined)
})

test('time is the block’s, chance the seed’s, and the zone is UTC', () => {
  const code = main(
    'return [Date.now(), new Date().getTime(), new Date(0).toString(), Math.random()].join("|")',
  )
  expect(answer(run(code, { timeMs: 5n }))).toBe('5|5|Thu Jan 01 1970 00:00:00 GMT+0000|0.1726807425604715')
  const other = answer(run(code, { timeMs: 5n, seed: new Uint8Array(32).fill(1) }))
  expect(other).not.toBe(answer(run(code, { timeMs: 5n })))
  expect(answer(run(main('return new Set(Array.from({ length: 1000 }, Math.random)).size')))).toBe(1_000)
  expect(
    answer(
      run(
        `const t = Date.now(); let r; try { r = Math.random() } catch { r = 'no' } ${main('return t + r')}`,
      ),
    ),
  ).toBe('0no')
})

test('logs are kept up to their limit, and no further', () => {
  expect(run(main('console.log("a", 1, null); console.error("b")')).logs).toEqual(['a 1 null', 'b'])
  const { logs } = run(main('for (let i = 0; i < 200; i++) console.log("x".repeat(999))'))
  expect(logs).toHaveLength(16)
})

test('calls of the host are counted', () => {
  const code = main(
    'let n = 0; try { for (;;) { host.get("a"); n++ } } catch (e) { return n + " " + e.message }',
  )
  expect(answer(run(code))).toBe('10000 too many calls of the host')
})

test('calls nest up to their depth, on stack that they share', () => {
  const nested = (depth: number): string =>
    depth === 0
      ? main('return "end"')
      : main(`return host.run(${JSON.stringify(nested(depth - 1))}, 100000000n)`)
  expect(answer(run(nested(3)))).toBe('end')
  const deep = main(`
    const dive = (n) => n === 0 ? host.run(${JSON.stringify(main('const f = () => f(); try { f() } catch (e) { return e.message }'))}, 100000000n) : dive(n - 1)
    return dive(300)`)
  expect(answer(run(deep))).toBe('stack overflow')
  const self = createSandbox({
    host: {
      again: hostFunction({
        takes: [],
        gas: 0,
        run(context: { code: string; depth: number }): Value {
          context.depth++
          const done = self.call({
            ...{ program: self.program(context.code), method: 'main', args: [], gasMax: GAS, timeMs: 0n },
            ...{ seed: new Uint8Array(32), context },
          })
          return done.ok ? done.value : done.error.code
        },
      }),
    },
  })
  const context = { code: main('return host.again()'), depth: 0 }
  const outcome = self.call({
    ...{ program: self.program(context.code), method: 'main', args: [], gasMax: GAS, timeMs: 0n },
    ...{ seed: new Uint8Array(32), context },
  })
  expect(answer(outcome)).toBe('sandbox/OUT_OF_STACK')
  expect(context.depth).toBe(8)
})

test('ten thousand programs take no more memory than a thousand', () => {
  const small = createSandbox({ host, limits: { imagesBytesMax: 16 * 1024 * 1024 } })
  const callMany = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const outcome = small.call({
        ...{ program: small.program(main(`return ${i}`)), method: 'main', args: [], gasMax: GAS },
        ...{ timeMs: 0n, seed: new Uint8Array(32), context: newWorld() },
      })
      if (!outcome.ok || outcome.value !== i) throw new Error(`Program ${i} gave something else.`)
    }
    return process.memoryUsage().rss
  }
  const first = callMany(0, 1_000)
  // 9,000 kept images would be 4 GB.
  expect(callMany(1_000, 10_000) - first).toBeLessThan(512 * 1024 * 1024)
})

test('limits that no sandbox can keep are refused', () => {
  for (const limits of [
    { memoryBytesMax: 1 },
    { depthMax: 0 },
    { valueBytesMax: 1.5 },
    { imagesBytesMax: -1 },
  ])
    expect(() => createSandbox({ host: {}, limits })).toThrow(
      expect.objectContaining({ code: 'sandbox/BAD_LIMIT' }),
    )
})

test('its hash names all that decides results, and nothing else', () => {
  const { hash } = createSandbox({ host })
  expect(sandbox.hash).toBe(hash)
  expect(createSandbox({ host, limits: { imagesBytesMax: 2 } }).hash).toBe(hash)
  expect(createSandbox({ host, limits: { depthMax: 2 } }).hash).not.toBe(hash)
  expect(createSandbox({ host: { ...host, get: { ...host.get, gas: 1 } } }).hash).not.toBe(hash)
  const priced = createSandbox({ host, prices: { row: 5n, byte: 1n } }).hash
  expect(priced).not.toBe(hash)
  expect(createSandbox({ host, prices: { byte: 1n, row: 5n } }).hash).toBe(priced)
  expect(createSandbox({ host, prices: { byte: 5n, row: 1n } }).hash).not.toBe(priced)
})
