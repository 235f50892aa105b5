import { createServer } from 'node:net'

/** Where the ports of a network of `count` nodes are free: those of JSON-RPC lie 200 above. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    // Below those that a system gives to whoever asks for any.
    const base = 10_000 + Math.floor(Math.random() * 20_000)
    const wanted = Array.from({ length: count }, (_, i) => [base + i, base + 200 + i]).flat()
    if ((await Promise.all(wanted.map(isFree))).every(Boolean)) return base
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
