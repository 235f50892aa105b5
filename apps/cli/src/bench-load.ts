// The load of `mmt bench`. It shares the cores with the node that it measures, so it is a plain socket and prepared text: the
// platform's HTTP client costs as much for each call as a third of what the node does with it.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** How some of the prepared transactions are sent. */
export interface Load {
  readonly url: string
  readonly from: number
  readonly count: number
  readonly batch: number
  readonly connections: number
}

/** Codes with which a node asks to come again. */
const AGAIN = new Set(['node/POOL_FULL', 'node/SENDER_QUEUE_FULL', 'node/NONCE_TOO_FAR'])
const AGAIN_MS = 20

/** Sends calls over some connections, each the next when its last is answered. Answers how often the node said: later. */
export async function sendLoad(calls: readonly string[], load: Load): Promise<number> {
  const { from, count, batch, connections } = load
  const { hostname, port } = new URL(load.url)
  let next = from
  let retries = 0
  const work = async () => {
    const { post, end } = await openConnection(hostname, Number(port))
    while (next < from + count) {
      let open = calls.slice(next, Math.min(next + batch, from + count))
      next += open.length
      while (open.length > 0) {
        const text = await post(batch === 1 ? (open[0] as string) : `[${open.join(',')}]`)
        if (!text.includes('"error"')) break
        const refused = laterOnes(text)
        open = open.filter((call) => refused.has(Number(/"id":(\d+)/.exec(call)?.[1])))
        retries += open.length
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    }
    end()
  }
  await Promise.all(Array.from({ length: connections }, work))
  return retries
}

/** The ids of the calls that a node wants again. Throws for any other refusal. */
function laterOnes(text: string): ReadonlySet<number> {
  const answers = [JSON.parse(text)].flat() as {
    id: number
    error?: { message: string; data?: { code?: string } }
  }[]
  const refused = answers.filter(({ error }) => error !== undefined)
  const bad = refused.find(({ error }) => !AGAIN.has(error?.data?.code ?? ''))
  if (bad) throw new Error(`the node refused: ${bad.error?.data?.code} ${bad.error?.message}`)
  return new Set(refused.map(({ id }) => id))
}

interface Connection {
  /** Sends the text of a call, which is ASCII, and resolves with that of its answer. One at a time. */
  readonly post: (body: string) => Promise<string>
  readonly end: () => void
}

async function openConnection(hostname: string, port: number): Promise<Connection> {
  const socket: Socket = connect({ host: hostname, port, noDelay: true })
  await once(socket, 'connect')
  socket.setEncoding('latin1')
  let waiting:
    | { readonly resolve: (text: string) => void; readonly reject: (error: Error) => void }
    | undefined
  let got = ''
  socket.on('data', (piece: string) => {
    got += piece
    const headEnd = got.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = got.slice(0, headEnd)
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
    if (!head.startsWith('HTTP/1.1 200 ') || length === undefined)
      return void socket.destroy(new Error(`the node answered: ${head.slice(0, 200)}`))
    const body = headEnd + 4
    if (got.length < body + Number(length)) return
    const text = got.slice(body)
    got = ''
    waiting?.resolve(text)
  })
  socket.on('error', (error) => waiting?.reject(error))
  socket.on('close', () => waiting?.reject(new Error('the node closed a connection')))
  const head = `POST /rpc HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: `
  return {
    post: (body) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1')
      }),
    end: () => socket.end(),
  }
}
