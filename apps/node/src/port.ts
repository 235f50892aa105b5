import { createServer } from 'node:net'
import { homeFail } from './refusals.ts'

/** Throws `home/PORT_IN_USE` or `home/CANNOT_LISTEN` unless a server could listen here now. Port 0 is always free. */
export async function checkPort({ host, port }: { readonly host: string; readonly port: number }) {
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', (error) => reject(listenRefused(error, { host, port })))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}

/** The refusal for an error of `listen`; other errors stay what they are. */
export function listenRefused(error: unknown, at: { readonly host: string; readonly port: number }): unknown {
  const { code, syscall } = Object(error) as { code?: unknown; syscall?: unknown }
  if (code === 'EADDRINUSE') return homeFail.PORT_IN_USE(at)
  if (syscall === 'listen' || syscall === 'getaddrinfo')
    return homeFail.CANNOT_LISTEN({ ...at, why: String(code) })
  return error
}
