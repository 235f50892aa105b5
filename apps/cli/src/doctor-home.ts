import { constants, existsSync, statSync } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { ed25519Backend, prepareCrypto, secp256k1Backend } from '@mmtchain/crypto'
import type { Header } from '@mmtchain/kernel'
import {
  checkPort,
  checkSignState,
  type Home,
  homeFail,
  isHome,
  keyNames,
  loadBundle,
  readConfig,
  readHomeGenesis,
  readKey,
} from '@mmtchain/node'
import { isChainError } from '@mmtchain/primitives'
import { merkleStore } from '@mmtchain/storage-merkle'
import { attempt } from './attempt.ts'
import { say } from './language.ts'
import type { Check } from './node-view.ts'
import { timeText } from './show.ts'

/** Less free space than this on the disk of a home is a problem. */
const FREE_BYTES_MIN = 1024 ** 3
/** A clock before this release was made, or a block this far ahead of the clock, shows a wrong clock. */
const CLOCK_MS_MIN = Date.UTC(2025, 0, 1)
const AHEAD_MS_MAX = 10_000

const well = (name: string, found: string): Check => ({ name, ok: true, found, cure: '' })

/** Looks at this program and machine. */
export async function checkMachine(): Promise<readonly Check[]> {
  await prepareCrypto()
  const { node } = process.versions
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const isNew = major > 20 || (major === 20 && minor >= 19)
  const backend = secp256k1Backend()
  const found = say('doctor.crypto', { secp256k1: backend, ed25519: ed25519Backend() })
  return [
    { name: 'node.js', ok: isNew, found: `Node.js ${node}`, cure: isNew ? '' : say('doctor.nodejs.cure') },
    {
      name: 'crypto',
      ok: backend === 'native',
      found,
      cure: backend === 'native' ? '' : say('doctor.crypto.cure'),
    },
  ]
}

/** Looks at a home, and whether a node runs on it now. */
export async function checkHome(
  home: Home,
): Promise<{ readonly checks: readonly Check[]; readonly isRunning: boolean }> {
  if (!isHome(home)) {
    const missing = await attempt('home', () => Promise.reject(homeFail.NOT_A_HOME({ home: home.path })))
    return { checks: [missing], isRunning: false }
  }
  const { data, tip, isRunning } = await checkData(home)
  let genesis: SignStateGenesis | undefined
  const chain = await attempt('chain', async () => {
    const loaded = await loadBundle(home.chain)
    genesis = (await readHomeGenesis(home, loaded)).genesis
    return say('doctor.chain', { chain: loaded.id, fingerprint: genesis.fingerprint })
  })
  const checks = [
    await checkWritable(home),
    await attempt('config', () => {
      const { rpc, validator } = readConfig(home)
      return say('doctor.config', { host: rpc.host, port: rpc.port, validator: validator ?? '–' })
    }),
    chain,
    await attempt('keys', () => checkKeys(home)),
    ...(isRunning || !genesis ? [] : await checkSigning(home, genesis, tip)),
    checkPermissions(home),
    await checkDisk(home),
    data,
    checkClock(Number(tip?.timeMs ?? 0n)),
    await checkAddress(home, isRunning),
  ]
  return { checks, isRunning }
}

/** A node writes blocks, what it signed and whom it knows, all into its home. */
async function checkWritable({ path }: Home): Promise<Check> {
  try {
    await access(path, constants.W_OK)
    return well('home', path)
  } catch (error) {
    const why = (error as Error).message
    return { name: 'home', ok: false, found: why, cure: say('doctor.home.cure', { home: path }) }
  }
}

type SignStateGenesis = Parameters<typeof checkSignState>[1]['genesis']

/** What the validator of a home has signed, where it has one: the same look that a start takes. */
async function checkSigning(
  home: Home,
  genesis: SignStateGenesis,
  tip: Header | undefined,
): Promise<readonly Check[]> {
  const { validator } = configOf(home)
  if (validator === null) return []
  const check = await attempt('sign-state', async () => {
    const key = readKey(home.keys, validator)
    const { signedUpTo, isObserving, losses } = await checkSignState(home, { genesis, key, tip })
    if (isObserving) return say('doctor.signState.observing', { losses })
    return say('doctor.signState', { height: signedUpTo, losses })
  })
  return [check]
}

function checkKeys(home: Home): string {
  const names = keyNames(home.keys)
  for (const name of names) readKey(home.keys, name)
  const { validator } = configOf(home)
  if (validator !== null) readKey(home.keys, validator)
  return say('doctor.keys', { count: names.length })
}

/** The configuration, where it can be read; what is wrong with it is another check's. */
function configOf(home: Home): {
  readonly validator: string | null
  readonly host: string
  readonly port: number
} {
  try {
    const { rpc, validator } = readConfig(home)
    return { validator, ...rpc }
  } catch {
    return { validator: null, host: '127.0.0.1', port: 0 }
  }
}

/** Secrets that others may read. Windows keeps rights in lists that these bits do not show. */
function checkPermissions(home: Home): Check {
  const name = 'permissions'
  if (process.platform === 'win32' || !existsSync(home.keys)) return well(name, say('doctor.permissions'))
  const files = keyNames(home.keys).map((key) => `${home.keys}/${key}.json`)
  const open = [home.keys, ...files, `${home.keys}/demo-passphrase`].filter(
    (path) => existsSync(path) && (statSync(path).mode & 0o077) !== 0,
  )
  if (open.length === 0) return well(name, say('doctor.permissions'))
  const [first = ''] = open
  const found = say('doctor.permissions.open', { count: open.length, file: first })
  return { name, ok: false, found, cure: say('doctor.permissions.cure', { keys: home.keys }) }
}

async function checkDisk(home: Home): Promise<Check> {
  const { bavail, bsize } = await statfs(home.path)
  const free = bavail * bsize
  const ok = free >= FREE_BYTES_MIN
  const found = say('doctor.disk', { free: (free / 1024 ** 3).toFixed(1) })
  return { name: 'disk', ok, found, cure: ok ? '' : say('doctor.disk.cure') }
}

/** Opens the store of a node that does not run, which checks it. */
async function checkData(
  home: Home,
): Promise<{ readonly data: Check; readonly tip: Header | undefined; readonly isRunning: boolean }> {
  let header: Header | undefined
  let isRunning = false
  const data = await attempt('data', async () => {
    if (!existsSync(home.data)) return say('doctor.data.none')
    try {
      const store = await merkleStore({ path: home.data, keepHeights: 'all' })
      const tip = store.tip()
      await store.close()
      if (!tip) return say('doctor.data.none')
      header = tip.header
      return say('doctor.data', { height: tip.header.height, time: timeText(tip.header.timeMs) })
    } catch (error) {
      if (!isChainError(error) || error.code !== 'store/LOCKED') throw error
      isRunning = true
      return say('doctor.data.running')
    }
  })
  return { data, tip: header, isRunning }
}

function checkClock(tipMs: number): Check {
  const nowMs = Date.now()
  const ok = nowMs >= CLOCK_MS_MIN && tipMs <= nowMs + AHEAD_MS_MAX
  const now = timeText(String(nowMs))
  const found = ok ? now : say('doctor.clock.wrong', { now, tip: timeText(String(tipMs)) })
  return { name: 'clock', ok, found, cure: ok ? '' : say('doctor.clock.cure') }
}

/** A node that runs has its port; for one that has stopped the port must be free. */
async function checkAddress(home: Home, isRunning: boolean): Promise<Check> {
  const { host, port } = configOf(home)
  return attempt('port', async () => {
    if (isRunning) return say('doctor.port.used', { host, port })
    await checkPort({ host, port })
    return say('doctor.port.free', { host, port })
  })
}
