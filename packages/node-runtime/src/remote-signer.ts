// A signer in another process or on another machine, over any stream of bytes that keeps their order. Frames are a length (u32,
// little-endian) and a BCS value; requests are answered one after the other.
import {
  address,
  bool,
  bytes,
  type Codec,
  decode,
  encode,
  hash,
  type Infer,
  option,
  struct,
  text,
  u8,
  u32,
  u64,
  union,
  unit,
} from '@mmtchain/codec'
import type { Address, Hash } from '@mmtchain/primitives'
import { publicKey } from '@mmtchain/tx'
import { nodeFail } from './refusals.ts'
import type { ConsensusSigner, Signed } from './signer.ts'

/** A stream of bytes to the other side, as a socket is one. Who makes it sees to it that nobody else can: it carries no secret, but orders. */
export interface SignerLink {
  write(bytes: Uint8Array): void
  onBytes(listener: (bytes: Uint8Array) => void): void
  /** Called once, when nothing comes any more. */
  onEnd(listener: () => void): void
  end(): void
}

const FRAME_BYTES_MAX = 131_072
/** A node asks for one signature at a time. */
const REQUESTS_WAITING_MAX = 64
const place = struct({ height: u64, round: u32, step: u8 })
const request = union({
  /** Comes first: for which validator of which chain. */
  open: struct({ fingerprint: hash, address }),
  sign: struct({ at: place, message: bytes({ bytesMax: 4_096 }) }),
  observed: u64,
})
const memory = struct({
  publicKey,
  last: option(
    struct({ at: place, message: bytes({ bytesMax: 4_096 }), signature: bytes({ bytesMax: 49_152 }) }),
  ),
  signedUpTo: u64,
  isObserving: bool,
  remembers: bool,
})
const answer = union({
  memory,
  /** Null: something else was signed here or later. */
  signature: option(bytes({ bytesMax: 49_152 })),
  observed: unit,
  refused: text({ bytesMax: 1_024 }),
})
type Memory = Infer<typeof memory>
type Answer = Infer<typeof answer>

/**
 * Signs for whoever is at the other end of the link, for as long as the link lasts. The key stays here, and so does the rule that places only
 * go up. Resolves when the link has ended. A request for another chain or validator, or that does not decode, ends it, and so do too many at once.
 */
export function serveSigner(
  signer: ConsensusSigner,
  { link, fingerprint }: { readonly link: SignerLink; readonly fingerprint: Hash },
): Promise<void> {
  let isOpen = false
  let requests = 0
  let work: Promise<void> = Promise.resolve()

  async function answerTo({ kind, value }: Infer<typeof request>): Promise<Answer> {
    if (kind === 'open') {
      isOpen = value.fingerprint === fingerprint && value.address === signer.address
      if (!isOpen) return { kind: 'refused', value: 'this signer is for another chain or validator' }
      return { kind: 'memory', value: memoryOf(signer) }
    }
    if (!isOpen) return { kind: 'refused', value: 'the first request says for whom' }
    if (kind === 'sign') return { kind: 'signature', value: (await signer.sign(value)) ?? null }
    await signer.observed(value)
    return { kind: 'observed', value: null }
  }

  return new Promise((resolve) => {
    link.onEnd(() => void work.then(resolve))
    readFrames(link, request, (asked) => {
      requests += 1
      if (requests > REQUESTS_WAITING_MAX) throw new RangeError('too many requests wait')
      work = work.then(async () => {
        const given = await answerTo(asked).catch((error): Answer => {
          return { kind: 'refused', value: String(error).slice(0, 256) }
        })
        requests -= 1
        writeFrame(link, answer, given)
        if (given.kind === 'refused') link.end()
      })
    })
  })
}

function memoryOf(signer: ConsensusSigner): Memory {
  return {
    publicKey: signer.publicKey,
    last: signer.last() ?? null,
    signedUpTo: signer.signedUpTo(),
    isObserving: signer.isObserving(),
    remembers: signer.remembers,
  }
}

/**
 * The signer at the other end of a link. Without it the node cannot sign: it stops with `node/SIGNER_LOST` when it asks for a signature and
 * the link has ended. Rejects so when the signer is for another chain or validator.
 */
export async function remoteSigner(args: {
  readonly link: SignerLink
  readonly fingerprint: Hash
  readonly address: Address
}): Promise<ConsensusSigner> {
  const { link, fingerprint, address: owner } = args
  const waiting: { readonly resolve: (given: Answer) => void; readonly reject: (error: Error) => void }[] = []
  let isLost = false

  function lose(): void {
    isLost = true
    for (const { reject } of waiting.splice(0))
      reject(nodeFail.SIGNER_LOST({ address: owner, why: 'the connection has ended' }))
  }
  link.onEnd(lose)
  readFrames(link, answer, (given) => {
    const first = waiting.shift()
    if (first) first.resolve(given)
    else link.end()
  })

  function ask(asked: Infer<typeof request>): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      waiting.push({ resolve, reject })
      if (isLost) lose()
      else writeFrame(link, request, asked)
    }).then((given) => {
      if (given.kind !== 'refused') return given
      throw nodeFail.SIGNER_LOST({ address: owner, why: given.value })
    })
  }

  function expect<K extends Answer['kind']>(given: Answer, kind: K): Extract<Answer, { kind: K }> {
    if (given.kind === kind) return given as Extract<Answer, { kind: K }>
    link.end()
    throw nodeFail.SIGNER_LOST({ address: owner, why: `it answers ${given.kind}, not ${kind}` })
  }

  const opened = await ask({ kind: 'open', value: { fingerprint, address: owner } })
  const { value: known } = expect(opened, 'memory')
  let last: Signed | undefined = known.last ?? undefined
  let { signedUpTo, isObserving } = known
  return {
    address: owner,
    publicKey: known.publicKey,
    remembers: known.remembers,
    async sign({ at, message }) {
      const { value: signature } = expect(await ask({ kind: 'sign', value: { at, message } }), 'signature')
      if (signature === null) return undefined
      last = { at, message, signature }
      if (at.height > signedUpTo) signedUpTo = at.height
      return signature
    },
    last: () => last,
    signedUpTo: () => signedUpTo,
    isObserving: () => isObserving,
    async observed(height) {
      expect(await ask({ kind: 'observed', value: height }), 'observed')
      isObserving = false
      if (height > signedUpTo) signedUpTo = height
    },
    async close() {
      link.end()
    },
  }
}

function writeFrame<T>(link: SignerLink, codec: Codec<T>, value: NoInfer<T>): void {
  const body = encode(codec, value)
  const frame = new Uint8Array(4 + body.length)
  new DataView(frame.buffer).setUint32(0, body.length, true)
  frame.set(body, 4)
  link.write(frame)
}

/** Hands on each whole frame. What is too long, does not decode or is not taken ends the link. */
function readFrames<T>(link: SignerLink, codec: Codec<T>, take: (value: T) => void): void {
  let rest = new Uint8Array()
  let isOver = false
  link.onBytes((more) => {
    if (isOver) return
    const all = new Uint8Array(rest.length + more.length)
    all.set(rest)
    all.set(more, rest.length)
    let at = 0
    try {
      while (all.length >= at + 4) {
        const length = new DataView(all.buffer).getUint32(at, true)
        if (length > FRAME_BYTES_MAX) throw new RangeError('a frame is too long')
        if (all.length < at + 4 + length) break
        take(decode(codec, all.subarray(at + 4, at + 4 + length)))
        at += 4 + length
      }
    } catch {
      isOver = true
      link.end()
    }
    rest = all.slice(at)
  })
}
