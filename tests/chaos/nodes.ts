// The nodes of a network under test: homes, processes, the links between them.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { httpTransport, type Transport } from '@mmtchain/client'
import { homeAt, readConfig } from '@mmtchain/node'
import { freePorts } from '../free-ports.ts'
import { type NetworkLink, openLink } from './link.ts'

const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
/** Room for the home of the node whose disk can be filled. */
const DISK_MIB = 192

export interface ChaosNode {
  readonly name: string
  readonly home: string
  readonly ask: Transport
  readonly metrics: string
  /** The program that runs it: `main.js` of a build. */
  program: string
  process: ChildProcess | undefined
  isPaused: boolean
  /** True while its end is our doing, or follows from a fault that may end it. */
  mayEnd: boolean
}

export interface ChaosNetwork {
  readonly nodes: readonly ChaosNode[]
  readonly canFillDisk: boolean
  readonly canShiftClock: boolean
  /** Ends of processes that nobody had asked for. */
  readonly unasked: string[]
  start(node: ChaosNode): void
  /** Sends a signal and waits for the end. */
  end(node: ChaosNode, signal: NodeJS.Signals): Promise<void>
  pause(node: ChaosNode): void
  resume(node: ChaosNode): void
  /** The links between two nodes, in both directions. */
  links(a: ChaosNode, b: ChaosNode): readonly NetworkLink[]
  allLinks(): readonly NetworkLink[]
  /** Moves the clock of a node. */
  shiftClock(node: ChaosNode, seconds: number): void
  fillDisk(node: ChaosNode): void
  freeDisk(node: ChaosNode): void
  close(): Promise<void>
}

/** Writes the homes of a network with `mmt testnet`, and puts a proxy into each link. The last node has a disk that can be filled, as root. */
export async function makeNetwork(args: {
  readonly dir: string
  readonly chain: string
  readonly validators: number
  readonly observers: number
  readonly program: string
}): Promise<ChaosNetwork> {
  const { dir, validators, observers, program } = args
  const count = validators + observers
  const disk = join(dir, `node${validators - 1}`)
  mkdirSync(disk, { recursive: true })
  const canFillDisk = mountTmpfs(disk)
  const base = await freePorts(count)
  const words = ['--validators', `${validators}`, '--observers', `${observers}`, '--dir', dir]
  execFileSync(
    process.execPath,
    [program, 'testnet', ...words, '--chain', args.chain, '--base-port', `${base}`, '--no-run'],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const links = new Map<string, NetworkLink>()
  const nodes: ChaosNode[] = []
  for (let i = 0; i < count; i++) {
    const home = homeAt(join(dir, `node${i}`))
    const config = readConfig(home)
    const peers: string[] = []
    for (const peer of config.p2p.peers) {
      const [who, port] = [peer.split('@')[0], Number(peer.split(':').at(-1))]
      const link = await openLink(port)
      links.set(`${i} ${port - base}`, link)
      peers.push(`${who}@127.0.0.1:${link.port}`)
    }
    writeFileSync(home.config, JSON.stringify({ ...config, p2p: { ...config.p2p, peers } }, null, 2))
    const url = `http://127.0.0.1:${config.rpc.port}`
    nodes.push({
      ...{
        name: `node${i}`,
        home: home.path,
        ask: httpTransport({ url, timeoutMs: 8_000, retries: 1 }),
        metrics: `${url}/metrics`,
      },
      ...{ program, process: undefined, isPaused: false, mayEnd: false },
    })
  }
  const canShiftClock = existsSync(FAKETIME)
  const unasked: string[] = []
  const clockOf = ({ home }: ChaosNode) => join(home, 'clock')
  const fillerOf = ({ home }: ChaosNode) => join(home, 'filler')
  const indexOf = (node: ChaosNode) => nodes.indexOf(node)

  function environment(node: ChaosNode): NodeJS.ProcessEnv {
    if (!canShiftClock) return process.env
    return {
      ...process.env,
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: clockOf(node),
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    }
  }

  const network: ChaosNetwork = {
    nodes,
    canFillDisk,
    canShiftClock,
    unasked,
    start(node) {
      if (node.process) return
      if (canShiftClock && !existsSync(clockOf(node))) writeFileSync(clockOf(node), '+0s')
      // Beside the home, so that a full disk takes no line of it away.
      const log = openSync(join(dir, `${node.name}.log`), 'a', 0o600)
      const child = spawn(process.execPath, [node.program, 'start', '--home', node.home], {
        stdio: ['ignore', log, log],
        env: environment(node),
      })
      closeSync(log)
      node.process = child
      node.isPaused = false
      // Another fault may have killed a node whose disk is still full.
      node.mayEnd = existsSync(fillerOf(node))
      child.once('exit', (code, signal) => {
        if (node.process === child) node.process = undefined
        if (!node.mayEnd) unasked.push(`${node.name} ended with ${code ?? signal}`)
      })
    },
    async end(node, signal) {
      const child = node.process
      if (!child) return
      node.mayEnd = true
      const ended = once(child, 'exit')
      child.kill(signal)
      if (node.isPaused) child.kill('SIGCONT')
      await ended
    },
    pause(node) {
      node.isPaused = node.process?.kill('SIGSTOP') === true
    },
    resume(node) {
      if (node.isPaused) node.process?.kill('SIGCONT')
      node.isPaused = false
    },
    links: (a, b) =>
      [`${indexOf(a)} ${indexOf(b)}`, `${indexOf(b)} ${indexOf(a)}`].flatMap((name) => links.get(name) ?? []),
    allLinks: () => [...links.values()],
    shiftClock: (node, seconds) =>
      writeFileSync(clockOf(node), `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}s`),
    fillDisk(node) {
      // What a write finds at the end of the disk is the fault that is wanted.
      try {
        execFileSync('dd', ['if=/dev/zero', `of=${fillerOf(node)}`, 'bs=64k'], { stdio: 'ignore' })
      } catch {}
    },
    freeDisk: (node) => rmSync(fillerOf(node), { force: true }),
    async close() {
      await Promise.all(nodes.map((node) => network.end(node, 'SIGKILL')))
      await Promise.all([...links.values()].map((link) => link.close()))
      if (canFillDisk) execFileSync('umount', [disk])
    },
  }
  return network
}

function mountTmpfs(folder: string): boolean {
  if (process.getuid?.() !== 0) return false
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'none', folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Resident memory of a process in MiB, where the system tells. */
export function memoryMib({ process: child }: ChaosNode): number | undefined {
  const file = `/proc/${child?.pid}/status`
  if (!child || !existsSync(file)) return undefined
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8')) ?? []
  return kib === undefined ? undefined : Math.round(Number(kib) / 1_024)
}
