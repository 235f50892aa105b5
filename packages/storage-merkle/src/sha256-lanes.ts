// SHA-256 (FIPS 180-4) of four messages at a time in the four lanes of WebAssembly's 128-bit vectors: the same steps for all four. The
// module is put together here when it is first needed (docs/adr/0083-speed-of-the-store.md), since what is to be had hashes
// one batch of four pairs for each call, at three times the cost.

/** Messages that have the same number of 64-byte blocks, in memory of their own. */
export interface Lanes {
  /** The memory of messages and hashes. */
  readonly bytes: Uint8Array
  readonly words: Int32Array
  /**
   * Hashes 64-byte messages that lie at `from`, four for each group, to 32-byte hashes at `to`; all in bytes, and multiples of 16.
   * `from` is LANES_START at least. What is read may be written.
   */
  pairs(from: number, to: number, groups: number): void
  /** The same of messages of `blocks` blocks each, with their padding. */
  messages(from: number, to: number, blocks: number, groups: number): void
  /** The same of one message alone, word by word, in less time than a group takes. */
  message(from: number, to: number, blocks: number): void
}

/** Where messages and hashes may lie. */
export const LANES_START = 1024
/** Where their memory ends. */
export const LANES_END = 4 * 65_536
const PAGES = LANES_END / 65_536

/** Where the module keeps its constants, and the hashes that are under way. */
const K_AT = 0
const PAIR_PADDING_AT = 256
const STATE_AT = 512
const START_AT = 640

let made: Promise<WebAssembly.Module> | undefined

/** Memory of its own with the module of all. Throws a `WebAssembly.CompileError` where there are no vectors. */
export async function lanes(): Promise<Lanes> {
  made ??= WebAssembly.compile(moduleBytes())
  const { exports } = await WebAssembly.instantiate(await made)
  const { memory, ...functions } = exports as unknown as Pick<Lanes, 'pairs' | 'messages' | 'message'> & {
    readonly memory: { readonly buffer: ArrayBuffer }
  }
  const words = new Int32Array(memory.buffer)
  words.set(roundConstants(), K_AT / 4)
  words.set(paddingOfPairs(), PAIR_PADDING_AT / 4)
  words.set(startingHash(), START_AT / 4)
  return { bytes: new Uint8Array(memory.buffer), words, ...functions }
}

/** Section 4.2.2: the first 32 bits of the fractional parts of the cube roots of the first 64 primes. */
function roundConstants(): Int32Array {
  return Int32Array.from(primes(64), (prime) => fraction(prime, 3))
}

/** Section 5.3.3: the same of the square roots of the first 8 primes. */
function startingHash(): Int32Array {
  return Int32Array.from(primes(8), (prime) => fraction(prime, 2))
}

function primes(count: number): readonly number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) if (found.every((prime) => n % prime !== 0)) found.push(n)
  return found
}

/** The first 32 bits behind the point of a root of a small number. Exact: the largest whole number whose power is not too large. */
function fraction(of: number, root: 2 | 3): number {
  const shifted = BigInt(of) << BigInt(32 * root)
  let [low, high] = [0n, BigInt(of) << 32n]
  while (low < high) {
    const middle = (low + high + 1n) / 2n
    if (middle ** BigInt(root) <= shifted) low = middle
    else high = middle - 1n
  }
  return Number(BigInt.asIntN(32, low))
}

/** The 64 words of the message schedule of the block that follows a message of 64 bytes, with the constants of the rounds added. */
function paddingOfPairs(): Int32Array {
  const words = new Int32Array(64)
  words[0] = 0x80 << 24
  words[15] = 512
  const at = (i: number) => words[i] as number
  const turned = (x: number, by: number) => (x >>> by) | (x << (32 - by))
  for (let i = 16; i < 64; i++) {
    const [a, b] = [at(i - 15), at(i - 2)]
    const small0 = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3)
    const small1 = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10)
    words[i] = at(i - 16) + small0 + at(i - 7) + small1
  }
  const constants = roundConstants()
  return words.map((word, i) => word + (constants[i] as number))
}

/** Code, byte by byte, in parts of parts (WebAssembly core specification 2.0, chapter 5). */
type Code = number | readonly Code[]

const unsigned = (value: number): Code =>
  value < 0x80 ? value : [(value & 0x7f) | 0x80, unsigned(value >>> 7)]
const signed = (value: number): Code =>
  value >= -64 && value < 64 ? value & 0x7f : [(value & 0x7f) | 0x80, signed(value >> 7)]
const listed = (items: readonly Code[]): Code => [unsigned(items.length), items]

function sized(code: Code): Code {
  const bytes = bytesOf(code)
  return [unsigned(bytes.length), bytes]
}

function bytesOf(code: Code, to: number[] = []): number[] {
  if (typeof code === 'number') to.push(code)
  else for (const part of code) bytesOf(part, to)
  return to
}

const I32 = 0x7f
const V128 = 0x7b
const END = 0x0b
const get = (local: number): Code => [0x20, local]
const set = (local: number): Code => [0x21, local]
const tee = (local: number): Code => [0x22, local]
const number = (value: number): Code => [0x41, signed(value)]
const call = (which: number): Code => [0x10, which]
const PLUS = 0x6a
const TIMES = 0x6c
const LEFT = 0x74
/** Repeats a body for as long as a local that it counts down is not 0. It runs at least once. */
const repeat = (local: number, body: Code): Code => [
  [0x03, 0x40, body],
  [get(local), number(-1), PLUS, tee(local), 0x0d, 0, END],
]
const moved = (local: number, by: Code): Code => [get(local), by, PLUS, set(local)]

const vector = (code: number): Code => [0xfd, unsigned(code)]
const load = (offset: number): Code => [vector(0), 0, unsigned(offset)]
const loadInAll = (offset: number): Code => [number(0), vector(9), 2, unsigned(offset)]
const store = (offset: number): Code => [vector(11), 0, unsigned(offset)]
const shuffle = (bytes: readonly number[]): Code => [vector(13), bytes]
const AND = vector(78)
const XOR = vector(81)
const SHIFT_LEFT = vector(171)
const SHIFT_RIGHT = vector(173)
const ADD = vector(174)

/** The words of two vectors, by their numbers from 0 to 7. */
const wordsOf = (words: readonly number[]): Code =>
  shuffle(words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte)))
const TURN_BYTES = shuffle([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12])

/** The xor of a vector turned right by some numbers of bits, and shifted right by others. */
function mixed(local: number, turns: readonly number[], shifts: readonly number[]): Code {
  const rights = [...turns, ...shifts].map((by): Code => [get(local), number(by), SHIFT_RIGHT])
  const lefts = turns.map((by): Code => [get(local), number(32 - by), SHIFT_LEFT])
  return [...rights, ...lefts].map((part, i) => (i === 0 ? part : [part, XOR]))
}

type Four = readonly [number, number, number, number]

/** Four vectors become others: the first has the first word of each, and so on. Bytes turn from or to big-endian. */
function transposed(of: Four, spare: Four): Code {
  const pick = (a: number, b: number, words: readonly number[], into: number): Code => [
    [get(a), get(b), wordsOf(words), set(into)],
  ]
  return [
    pick(of[0], of[1], [0, 4, 1, 5], spare[0]),
    pick(of[0], of[1], [2, 6, 3, 7], spare[1]),
    pick(of[2], of[3], [0, 4, 1, 5], spare[2]),
    pick(of[2], of[3], [2, 6, 3, 7], spare[3]),
    pick(spare[0], spare[2], [0, 1, 4, 5], of[0]),
    pick(spare[0], spare[2], [2, 3, 6, 7], of[1]),
    pick(spare[1], spare[3], [0, 1, 4, 5], of[2]),
    pick(spare[1], spare[3], [2, 3, 6, 7], of[3]),
    of.map((local) => [get(local), get(local), TURN_BYTES, set(local)]),
  ]
}

const fourFrom = (first: number): Four => [first, first + 1, first + 2, first + 3]
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7] as const

/** Section 6.2.2: the 64 rounds on eight vectors from `first` on, and what they add to the state. Three more locals are free for it. */
function rounds(first: number, constantsAt: number, word?: (round: number) => Code): Code {
  const free = first + 8
  const code: Code[] = [EIGHT.map((i) => [number(0), load(STATE_AT + 16 * i), set(first + i)])]
  const local = (i: number, round: number) => first + ((i - round) & 7)
  code.push([get(first + 1), get(first + 2), XOR, set(free + 2)])
  for (let round = 0; round < 64; round++) {
    const [a, b, d, e] = [local(0, round), local(1, round), local(3, round), local(4, round)]
    const [f, g, h] = [local(5, round), local(6, round), local(7, round)]
    // The majority of a, b and c; b ^ c is a ^ b of the round before.
    const [both, before] = round % 2 === 0 ? [free + 1, free + 2] : [free + 2, free + 1]
    code.push(
      [loadInAll(constantsAt + 4 * round), word ? [word(round), ADD] : [], get(h), ADD],
      [get(g), get(e), get(f), get(g), XOR, AND, XOR, ADD, mixed(e, [6, 11, 25], []), ADD, tee(free)],
      [get(d), ADD, set(d)],
      [get(a), get(b), XOR, tee(both), get(before), AND, get(b), XOR],
      [get(free), ADD, mixed(a, [2, 13, 22], []), ADD, set(h)],
    )
  }
  const sums = EIGHT.map((i) => [
    [number(0), number(0), load(STATE_AT + 16 * i), get(first + i), ADD],
    store(STATE_AT + 16 * i),
  ])
  return [code, sums]
}

/** (from, stride): one block of each message. */
function compress(): Code {
  const [words, state] = [2, 18]
  const loads = [0, 4, 8, 12].map((at) => {
    const four = fourFrom(words + at)
    const read = four.map((local, lane) => [
      [get(0), get(1), number(lane), TIMES, PLUS],
      [load(4 * at), set(local)],
    ])
    return [read, transposed(four, fourFrom(state))]
  })
  const at = (round: number) => words + (round & 15)
  const word = (round: number): Code => {
    if (round < 16) return get(at(round))
    return [
      [get(at(round)), get(at(round + 9)), ADD, mixed(at(round + 1), [7, 18], [3]), ADD],
      [mixed(at(round + 14), [17, 19], [10]), ADD, tee(at(round))],
    ]
  }
  return [loads, rounds(state, K_AT, word)]
}

/** (): all messages begin. */
const begin: Code = EIGHT.map((i) => [number(0), loadInAll(START_AT + 4 * i), store(STATE_AT + 16 * i)])

/** (to): writes the four hashes. */
function finish(): Code {
  const four = fourFrom(1)
  return [0, 4].map((at) => [
    four.map((local, i) => [number(0), load(STATE_AT + 16 * (at + i)), set(local)]),
    transposed(four, fourFrom(5)),
    four.map((local, lane) => [get(0), get(local), store(32 * lane + 4 * at)]),
  ])
}

const loadWord = (offset: number): Code => [0x28, 2, unsigned(offset)]
const storeWord = (offset: number): Code => [0x36, 2, unsigned(offset)]
const AND_WORD = 0x71
const XOR_WORD = 0x73
const TURN_LEFT = 0x77
const TURN_RIGHT = 0x78
/** The same as `mixed` of a word. */
const mixedWord = (local: number, turns: readonly number[], shifts: readonly number[]): Code =>
  [
    ...turns.map((by): Code => [get(local), number(by), TURN_RIGHT]),
    ...shifts.map((by): Code => [get(local), number(by), 0x76]),
  ].map((part, i) => (i === 0 ? part : [part, XOR_WORD]))

/** (from, to, blocks): one message. Sixteen rounds are written out, since code for all would push other code out of the nearest cache. */
function message(): Code {
  const [words, first, free, constants, left] = [3, 19, 27, 30, 31]
  const turned = (read: Code): Code => [
    [read, tee(free), number(8), TURN_LEFT, number(0x00ff00ff), AND_WORD],
    [get(free), number(8), TURN_RIGHT, number(0xff00ff00 | 0), AND_WORD, 0x72],
  ]
  const local = (i: number, round: number) => first + ((i - round) & 7)
  const sixteen: Code[] = []
  for (let round = 0; round < 16; round++) {
    const [a, b, d, e] = [local(0, round), local(1, round), local(3, round), local(4, round)]
    const [f, g, h] = [local(5, round), local(6, round), local(7, round)]
    const [both, before] = round % 2 === 0 ? [free + 1, free + 2] : [free + 2, free + 1]
    const at = (ahead: number) => words + ((round + ahead) & 15)
    sixteen.push(
      [get(constants), loadWord(K_AT + 4 * round), get(at(0)), PLUS, get(h), PLUS],
      [get(g), get(e), get(f), get(g), XOR_WORD, AND_WORD, XOR_WORD, PLUS],
      [mixedWord(e, [6, 11, 25], []), PLUS, tee(free), get(d), PLUS, set(d)],
      [get(a), get(b), XOR_WORD, tee(both), get(before), AND_WORD, get(b), XOR_WORD],
      [get(free), PLUS, mixedWord(a, [2, 13, 22], []), PLUS, set(h)],
      // The word of sixteen rounds later.
      [get(at(0)), get(at(9)), PLUS, mixedWord(at(1), [7, 18], [3]), PLUS],
      [mixedWord(at(14), [17, 19], [10]), PLUS, set(at(0))],
    )
  }
  const state = (i: number): Code => [number(0), loadWord(STATE_AT + 4 * i)]
  return [
    EIGHT.map((i) => [number(0), number(0), loadWord(START_AT + 4 * i), storeWord(STATE_AT + 4 * i)]),
    repeat(2, [
      Array.from({ length: 16 }, (_, i) => [turned([get(0), loadWord(4 * i)]), set(words + i)]),
      EIGHT.map((i) => [state(i), set(first + i)]),
      [get(first + 1), get(first + 2), XOR_WORD, set(free + 2)],
      [number(0), set(constants), number(4), set(left)],
      repeat(left, [sixteen, moved(constants, number(64))]),
      EIGHT.map((i) => [number(0), state(i), get(first + i), PLUS, storeWord(STATE_AT + 4 * i)]),
      moved(0, number(64)),
    ]),
    EIGHT.map((i) => [get(1), turned(state(i)), storeWord(4 * i)]),
  ]
}

const [COMPRESS, PAIR_PADDING, BEGIN, FINISH, PAIRS, MESSAGES, MESSAGE] = [0, 1, 2, 3, 4, 5, 6]

/** (from, to, groups) */
const pairs: Code = repeat(2, [
  [call(BEGIN), get(0), number(64), call(COMPRESS), call(PAIR_PADDING), get(1), call(FINISH)],
  [moved(0, number(256)), moved(1, number(128))],
])

/** (from, to, blocks, groups), with the next block, how many are left, and the bytes of a message. */
const messages: Code = [
  [get(2), number(6), LEFT, set(6)],
  repeat(3, [
    [call(BEGIN), get(0), set(4), get(2), set(5)],
    repeat(5, [get(4), get(6), call(COMPRESS), moved(4, number(64))]),
    [get(1), call(FINISH), moved(0, [get(6), number(2), LEFT]), moved(1, number(128))],
  ]),
]

function moduleBytes(): Uint8Array<ArrayBuffer> {
  /** Each with its parameters, and its further locals of 32 bits and vectors. */
  const functions: readonly (readonly [params: number, numbers: number, vectors: number, code: Code])[] = [
    [2, 0, 27, compress()],
    [0, 0, 11, rounds(0, PAIR_PADDING_AT)],
    [0, 0, 0, begin],
    [1, 0, 8, finish()],
    [3, 0, 0, pairs],
    [4, 3, 0, messages],
    [3, 29, 0, message()],
  ]
  const section = (id: number, items: readonly Code[]): Code => [id, sized(listed(items))]
  const name = (text: string): Code => sized(Array.from(text, (letter) => letter.charCodeAt(0)))
  const type = ([params]: (typeof functions)[number]): Code => [0x60, params, Array(params).fill(I32), 0]
  const body = ([, numbers, vectors, code]: (typeof functions)[number]): Code =>
    sized([
      listed([
        [numbers, I32],
        [vectors, V128],
      ]),
      code,
      END,
    ])
  return Uint8Array.from(
    bytesOf([
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, functions.map(type)),
      section(3, [...functions.keys()]),
      section(5, [[1, PAGES, PAGES]]),
      section(7, [
        [name('memory'), 2, 0],
        [name('pairs'), 0, PAIRS],
        [name('messages'), 0, MESSAGES],
        [name('message'), 0, MESSAGE],
      ]),
      section(10, functions.map(body)),
    ]),
  )
}
