// Names of a chain: `mmt name resolve`, and the gateways of `mmt names serve`.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRowReader, httpTransport } from '@mmtchain/client'
import { prepareCrypto } from '@mmtchain/crypto'
import { createZone, serveDns, serveNames } from '@mmtchain/named-router/gateway'
import {
  type ChainPlace,
  createResolver,
  type NodePlace,
  type Resolver,
  rootOf,
  shownRecords,
} from '@mmtchain/named-router/resolve'
import { type Home, isHome, readConfig } from '@mmtchain/node'
import { type Hash, isChainError, hash as toHash } from '@mmtchain/primitives'
import { type Command, Option } from 'commander'
import { type CommonOptions, genesisOf, homeOf, nodeHomeOf, remote, rpcUrl, withExample } from './context.ts'
import { say } from './language.ts'
import { look, print, rows } from './output.ts'
import { cliFail } from './refusals.ts'
import { testnetHomes } from './testnet-homes.ts'

interface NameOptions extends CommonOptions {
  readonly fingerprint?: string
  readonly checkpoint?: string
  readonly nodes?: readonly string[]
  readonly p2p?: readonly string[]
  readonly lag: string
  readonly private?: boolean
}

interface ServeOptions extends NameOptions {
  readonly host: string
  readonly dnsPort: string
  readonly httpPort: string
  readonly suffix?: string
  readonly mode: 'proxy' | 'redirect'
  readonly keep?: string
}

export function addNames(program: Command): void {
  const name = withExample(
    program.command('name').description(say('name.about')),
    'mmt name resolve lab.harbour',
  )
  resolving(name.command('resolve').description(say('name.resolve.about')), 'mmt name resolve lab.harbour')
    .argument('<name>')
    .action(resolve)
  const names = withExample(
    program.command('names').description(say('names.about')),
    'mmt names serve --dns-port 5353',
  )
  resolving(names.command('serve').description(say('names.serve.about')), 'mmt names serve --dns-port 5353')
    .option('--host <address>', say('names.host'), '127.0.0.1')
    .option('--dns-port <port>', say('names.dns'), '5353')
    .option('--http-port <port>', say('names.http'), '8053')
    .option('--suffix <name>', say('names.suffix'))
    .addOption(new Option('--mode <mode>', say('names.mode')).choices(['proxy', 'redirect']).default('proxy'))
    .option('--keep <file>', say('names.keep'))
    .action(serve)
}

function resolving(command: Command, example: string): Command {
  return remote(command, example)
    .option('--fingerprint <hex>', say('name.fingerprint'))
    .option('--checkpoint <id>', say('name.checkpoint'))
    .option('--nodes <url...>', say('name.nodes'))
    .option('--p2p <url...>', say('name.p2p'))
    .option('--lag <blocks>', say('name.lag'), '10')
    .option('--private', say('name.private'))
}

async function resolve(name: string, options: NameOptions): Promise<void> {
  const resolver = await resolverOf(options)
  const found = await resolver.resolve(name)
  const { owner, records } = shownRecords(found)
  const [height, lag] = [String(found.header?.height), String(found.lag)]
  const ends = new Date(Number(found.endsMs)).toISOString()
  print(
    options,
    {
      name: found.name,
      owner,
      endsMs: String(found.endsMs),
      records,
      height,
      id: found.id,
      lag,
      via: found.via,
    },
    [
      ...rows([
        [say('name.owner'), owner],
        [say('name.ends'), ends],
        ...records.map(({ kind, value }): [string, string] => [kind, JSON.stringify(value)]),
      ]),
      look(say('name.proven', { height, lag }), 'good'),
    ],
  )
}

async function serve(options: ServeOptions): Promise<void> {
  const { host, suffix, mode, keep } = options
  const resolver = await resolverOf(options, readKept(keep))
  const onFault = (error: unknown) =>
    process.stderr.write(`${isChainError(error) ? error.message : String(error)}\n`)
  const zone = createZone({ resolver, onFault, ...(suffix !== undefined && { suffix }) })
  const dns = await serveDns({ zone, host, port: portOf('--dns-port', options.dnsPort), onFault })
  const http = await serveNames({
    resolver,
    zone,
    host,
    port: portOf('--http-port', options.httpPort),
    mode,
    onFault,
  })
  const at = `${dns.host}:${dns.port}`
  print(options, { roots: resolver.roots, dns: at, http: http.url }, [
    say('names.ready', { root: resolver.roots.join(), dns: at, http: http.url }),
  ])
  await new Promise<void>((stop) => {
    process.once('SIGINT', stop)
    process.once('SIGTERM', stop)
  })
  if (keep !== undefined) {
    writeFileSync(`${keep}.new`, JSON.stringify(resolver.keep()))
    renameSync(`${keep}.new`, keep)
  }
  await Promise.all([dns.close(), http.close()])
}

/** What was kept; a file that is not there or was cut short is done without. */
function readKept(file: string | undefined): unknown {
  if (file === undefined || !existsSync(file)) return undefined
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function resolverOf(options: NameOptions, kept?: unknown): Promise<Resolver> {
  await prepareCrypto()
  const place = {
    ...(await chainOf(options)),
    ...(options.checkpoint !== undefined && { checkpoint: idOf('--checkpoint', options.checkpoint) }),
  }
  const root = await rootFrom(place)
  if (root === undefined) throw cliFail.NO_NAMES({ fingerprint: place.fingerprint })
  return createResolver({
    roots: { [root]: place },
    lagMax: lagOf(options.lag),
    privatePlaces: options.private === true,
    ...(kept !== undefined && { kept }),
  })
}

/** The chain of the home and all nodes of a network there, or the one that is named. */
async function chainOf(options: NameOptions): Promise<ChainPlace> {
  const named: readonly NodePlace[] = (options.nodes ?? []).map((rpc) => ({
    rpc: checkedUrl('--nodes', rpc),
  }))
  const first = rpcUrl(options)
  const p2p = (options.p2p ?? []).map((url) => ({ rpc: first, p2p: checkedUrl('--p2p', url) }))
  if (options.fingerprint !== undefined)
    return {
      fingerprint: idOf('--fingerprint', options.fingerprint),
      endpoints: [{ rpc: first }, ...p2p, ...named],
    }
  const folder = homeOf(options)
  if (!isHome(nodeHomeOf(folder))) throw cliFail.NOTHING_TRUSTED({ home: folder.path })
  const { fingerprint } = await genesisOf(options)
  const homes = isHome(folder) ? [folder] : testnetHomes(folder.path)
  return { fingerprint, endpoints: [{ rpc: first }, ...homes.map(placeOf), ...p2p, ...named] }
}

function placeOf(home: Home): NodePlace {
  const { rpc, p2p } = readConfig(home)
  return {
    rpc: `http://${rpc.host}:${rpc.port}`,
    p2p: p2p.port === null ? null : `http://${p2p.host}:${p2p.port}`,
  }
}

/** What the names of a chain end with, as its genesis says, which the fingerprint covers. */
async function rootFrom({ fingerprint, endpoints }: ChainPlace): Promise<string | undefined> {
  const reader = createRowReader({ fingerprint })
  let last: unknown
  for (const { rpc } of endpoints) {
    try {
      return rootOf(await reader.genesis(httpTransport({ url: rpc, retries: 0, timeoutMs: 5_000 })))
    } catch (error) {
      last = error
    }
  }
  throw last
}

function idOf(name: string, value: string): Hash {
  try {
    return toHash(value)
  } catch (error) {
    if (!isChainError(error)) throw error
    throw cliFail.BAD_ARGUMENT({ name, value, want: say('field.hash') })
  }
}

function checkedUrl(name: string, value: string): string {
  if (/^https?:\/\//.test(value) && URL.canParse(value)) return value
  throw cliFail.BAD_ARGUMENT({ name, value, want: say('want.url') })
}

function portOf(name: string, value: string): number {
  const port = Number(value)
  if (/^\d{1,5}$/.test(value) && port <= 65_535) return port
  throw cliFail.BAD_ARGUMENT({ name, value, want: say('want.port') })
}

function lagOf(value: string): number | 'any' {
  if (value === 'any') return value
  const lag = Number(value)
  if (/^[1-9]\d{0,8}$/.test(value)) return lag
  throw cliFail.BAD_ARGUMENT({ name: '--lag', value, want: say('want.lag') })
}
