// A loopback TCP proxy between two nodes, which can be cut and slowed down.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What a link does with bytes. */
export type LinkState =
  | { readonly kind: 'open' }
  /** Nothing passes and nobody is told: streams seem alive. */
  | { readonly kind: 'silent' }
  /** Streams end, and new ones are refused. */
  | { readonly kind: 'cut' }
  | { readonly kind: 'slow'; readonly delayMs: number }

export interface NetworkLink {
  readonly port: number
  set(state: LinkState): void
  close(): Promise<void>
}

/** Forwards to a port of this machine. */
export async function openLink(to: number): Promise<NetworkLink> {
  let state: LinkState = { kind: 'open' }
  const sockets = new Set<Socket>()
  const wakers = new Set<() => void>()
  const server = createServer((inbound) => {
    if (state.kind === 'cut') return void inbound.destroy()
    const outbound = connect(to, '127.0.0.1')
    pump(inbound, outbound)
    pump(outbound, inbound)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')

  function pump(from: Socket, onto: Socket): void {
    sockets.add(from)
    let waiting: Promise<void> = Promise.resolve()
    from.on('data', (piece) => {
      from.pause()
      waiting = waiting.then(async () => {
        if (state.kind === 'slow') await new Promise((done) => setTimeout(done, delayOf(state)))
        while (state.kind === 'silent') await new Promise<void>((wake) => wakers.add(wake))
        if (onto.destroyed) return
        onto.write(piece)
        from.resume()
      })
    })
    from.on('error', () => undefined)
    from.on('close', () => {
      sockets.delete(from)
      onto.destroy()
    })
  }

  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      state = next
      if (next.kind === 'cut') for (const socket of sockets) socket.destroy()
      for (const wake of wakers) wake()
      wakers.clear()
    },
    async close() {
      state = { kind: 'cut' }
      for (const socket of sockets) socket.destroy()
      for (const wake of wakers) wake()
      server.close()
      await once(server, 'close')
    },
  }
}

const delayOf = (state: LinkState) => (state.kind === 'slow' ? state.delayMs : 0)
