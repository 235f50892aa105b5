// A node written by somebody else, from the README alone, which does what it likes.
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { ed25519 } from '@mmtchain/crypto'
import { WebSocket } from 'ws'
import { FINGERPRINT, secretOf, type TestNode } from './networks.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (text: string) => Buffer.from(text, 'hex')

export const nameOf = (number: number) => hex(ed25519.publicKey(secretOf(number)))

/** The bytes of which the proof of whoever dials is a signature. */
export function proofMessage(args: {
  readonly fingerprint: string
  readonly by: 0 | 1
  readonly names: readonly [string, string]
  readonly nonces: readonly [string, string]
  readonly binding?: Uint8Array
}): Uint8Array {
  const { fingerprint, by, names, nonces, binding = new Uint8Array(32) } = args
  const tag = Buffer.concat([Buffer.from('mmt p2p proof')], 16)
  const parts = [
    tag,
    unhex(fingerprint),
    Uint8Array.of(by),
    ...names.map(unhex),
    ...nonces.map(unhex),
    binding,
  ]
  return createHash('sha256').update(Buffer.concat(parts)).digest()
}

/** An open stream to a node under test. */
export interface Stranger {
  readonly socket: WebSocket
  readonly frames: { readonly kind: string; readonly value: unknown }[]
  /** The proof that it sent. */
  readonly proof: string
  say(frame: object): void
  /** The code with which the stream was closed. */
  readonly closed: Promise<number>
}

export interface StrangerOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Sent instead of the right one; an empty one is not sent at all. */
  readonly proof?: string
  readonly compress?: boolean
}

export const headersOf = (number: number, nonce: string) => ({
  'mmt-version': '9.9.9',
  'mmt-address': '0.0.0.0',
  'mmt-port': '0',
  'mmt-fingerprint': FINGERPRINT,
  'mmt-node': nameOf(number),
  'mmt-nonce': nonce,
  'mmt-run': '00112233aabbccdd',
})

/** Opens a stream. Rejects with the text of a refusal. */
export async function meet(node: TestNode, number: number, options: StrangerOptions = {}): Promise<Stranger> {
  const nonce = hex(randomBytes(32))
  const headers = { ...headersOf(number, nonce), ...options.headers }
  const socket = new WebSocket(`ws://${node.address}/p2p/v1/stream`, ['mmt.p2p.v1.json'], {
    headers,
    perMessageDeflate: options.compress ?? false,
  })
  const frames: { readonly kind: string; readonly value: unknown }[] = []
  socket.on('error', () => undefined)
  socket.on('message', (data) => frames.push(JSON.parse(String(data))))
  const closed = once(socket, 'close').then(([code]) => code as number)
  const refused = new Promise<never>((_, reject) =>
    socket.once('unexpected-response', async (_request, response: IncomingMessage) => {
      let text = ''
      for await (const piece of response) text += String(piece)
      reject(new Error(`${response.statusCode} ${text}`))
    }),
  )
  refused.catch(() => undefined)
  const upgraded = once(socket, 'upgrade') as Promise<[IncomingMessage]>
  upgraded.catch(() => undefined)
  const [answer] = await Promise.race([upgraded, refused])
  const [theirs, theirNonce] = [String(answer.headers['mmt-node']), String(answer.headers['mmt-nonce'])]
  const meeting = {
    fingerprint: FINGERPRINT,
    names: [headers['mmt-node'], theirs],
    nonces: [nonce, theirNonce],
  } as const
  const isProven = ed25519.verify({
    key: unhex(theirs),
    message: proofMessage({ ...meeting, by: 1 }),
    signature: unhex(String(answer.headers['mmt-proof'])),
  })
  if (!isProven) throw new Error('the node did not prove its name')
  const proof = options.proof ?? hex(ed25519.sign(proofMessage({ ...meeting, by: 0 }), secretOf(number)))
  if (socket.readyState !== socket.OPEN) await once(socket, 'open')
  const say = (frame: object) => socket.send(JSON.stringify(frame))
  if (proof !== '') say({ kind: 'proof', value: proof })
  return { socket, frames, proof, say, closed }
}

/** An HTTP request with any headers. */
export async function ask(
  node: TestNode,
  path: string,
  options: {
    readonly method?: string
    readonly headers?: Record<string, string>
    readonly body?: Uint8Array
  } = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const { method = 'GET', headers = {}, body } = options
  const sent = request(`http://${node.address}${path}`, { method, headers })
  sent.end(body)
  const [answer] = (await once(sent, 'response')) as [IncomingMessage]
  let text = ''
  for await (const piece of answer) text += String(piece)
  return { status: answer.statusCode ?? 0, text }
}
