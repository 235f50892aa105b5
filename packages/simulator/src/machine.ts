import {
  createMachine,
  type GenesisData,
  type Membership,
  type MemoryStore,
  memoryStore,
  type Network,
  type NetworkMember,
  type Store,
  type Tip,
} from '@mmtchain/kernel'
import {
  type ConsensusSigner,
  createNode,
  type Host,
  type Journal,
  type Log,
  localSigner,
  type Node,
  type NodeOptions,
  openSignState,
  type SignRequest,
  type SignState,
  type ValidatorKey,
  writeSignState,
} from '@mmtchain/node-runtime'
import { equalBytes, type Height, isChainError } from '@mmtchain/primitives'
import { lawlessSigner } from './adversary.ts'
import type { Chance } from './chance.ts'
import { type Clock, clock } from './clock.ts'
import { type Disk, DiskError, disk, type Reach } from './disk.ts'
import type { Schedule } from './schedule.ts'
import type { Setup } from './setup.ts'
import { placeText, type Watch } from './watch.ts'

export const SIGN_STATE = 'sign-state'
export const INPUTS = 'inputs'

/** A machine with a disk and a clock, on which the process of a node runs, ends and starts again. */
export interface SimMachine {
  readonly name: string
  readonly disk: Disk
  readonly clock: Clock
  /** The running node, if one runs. */
  readonly node: Node | undefined
  /** The chain as its disk has it. */
  readonly store: MemoryStore
  readonly height: bigint
  readonly isUp: boolean
  /** Why a process ended by itself for the last time, if it was never the same again. */
  readonly ended: string | undefined
  start(): void
  /** The process ends when it reaches the disk or the network for the `reaches`-th time from now on. */
  crashSoon(args: { readonly reaches: number; readonly power: boolean; readonly downMs: number }): void
  /** It ends now. */
  crash(args: { readonly power: boolean; readonly downMs: number | undefined }): void
  pause(forMs: number): void
  /** Takes back what would still happen to it. */
  calm(): void
  /** It ends, and its operator puts away the log of inputs. */
  loseLog(downMs: number): void
  /** All is lost but the key. */
  wipe(): void
}

export interface MachineOptions {
  readonly name: string
  readonly schedule: Schedule
  readonly chance: Chance
  readonly watch: Watch
  readonly network: Network
  /** The process has ended without a word. */
  readonly onGone: (name: string) => void
  /** Made for each process, which calls back whenever it executes a transfer. */
  readonly genesis: (onTransfer: () => void) => GenesisData
  readonly key: ValidatorKey | undefined
  readonly reveal: Setup['reveal']
  /** Whether it signs whatever it is asked to. */
  readonly isLawless: boolean
  /** Whether what it does is held against the rules. */
  readonly isWatched: boolean
  readonly syncMs: () => number
  /** How long it takes to execute a transfer. */
  readonly transferMs: number
  readonly note: (what: string, more?: () => string) => void
  readonly onRestart: () => void
}

/** One life of a process. */
interface Run {
  isAlive: boolean
  reachesLeft: number
  readonly death: { power: boolean; downMs: number | undefined }
  node: Node | undefined
}

/** A process that ended by an error of its own starts again after so long. */
const RESTART_MS = 500
const DAMAGE = ['node/INPUT_LOG_DAMAGED', 'node/SIGN_STATE_DAMAGED']
const NEVER = new Promise<never>(() => undefined)

export function simMachine(options: MachineOptions): SimMachine {
  const { name, schedule, watch, note } = options
  const chance = options.chance.fork(name)
  const machineDisk = disk(chance.fork('disk'))
  const machineClock = clock(schedule)
  /** Reads the store beside the node. */
  const observer = createMachine(options.genesis(() => undefined))
  let store = memoryStore()
  let tip: Tip | undefined
  let journal: Uint8Array[] = []
  let run: Run | undefined
  let awakeAtMs = 0
  /** Until when it executes what it has begun. Whatever follows from that comes then. */
  let busyUntilMs = 0
  let ended: string | undefined
  let starts = 0
  /** What its engine asked for last, and what its signer has to know: what it gave last, or knew when it started last. */
  let [lastAsked, toKnow]: (SignRequest | undefined)[] = []

  function die(dying: Run): void {
    if (!dying.isAlive) return
    dying.isAlive = false
    const { power, downMs } = dying.death
    note(power ? 'loses its power' : 'is killed')
    busyUntilMs = 0
    options.onGone(name)
    machineClock.clear()
    if (power) {
      machineDisk.losePower()
      journal = journal.slice(0, chance.below(journal.length + 1))
    }
    if (run === dying) run = undefined
    if (downMs !== undefined) schedule.after(downMs, start)
  }

  /** Somewhere a process may die: before or after something that outlasts it. */
  function touch(living: Run): boolean {
    if (!living.isAlive) return false
    living.reachesLeft -= 1
    if (living.reachesLeft === 0) die(living)
    return living.isAlive
  }

  function reachOf(living: Run): Reach {
    return (lasts) => {
      if (!touch(living)) return NEVER
      const lastsMs = lasts ? options.syncMs() : 0
      if (lastsMs === 0) return undefined
      return new Promise((resolve) => schedule.after(lastsMs, () => living.isAlive && resolve()))
    }
  }

  /** How far the process is ahead of the schedule, which learns afterwards what its work took. */
  const aheadMs = () => Math.max(0, Math.ceil(busyUntilMs) - schedule.nowMs)

  const awakeFromMs = () => Math.max(awakeAtMs, schedule.nowMs + aheadMs())
  const isAwake = (living: Run) => living.isAlive && schedule.nowMs >= awakeFromMs()

  /** Calls when the process is awake and has nothing else to do, if it still lives. */
  function whenAwake(living: Run, call: () => void): void {
    if (!living.isAlive) return
    if (isAwake(living)) call()
    else schedule.at(awakeFromMs(), () => whenAwake(living, call))
  }

  /** Calls when the work is done that this follows from. */
  function whenDone(living: Run, call: () => void): void {
    const laterMs = aheadMs()
    if (laterMs === 0) call()
    else schedule.after(laterMs, () => living.isAlive && call())
  }

  /** As a host has to: never before its time by the clock, which may be set back while the process sleeps. */
  function setTimer(living: Run, atMs: number, fire: () => void): () => void {
    let cancel: () => void = () => undefined
    const arm = (): void => {
      cancel = machineClock.setTimer(atMs, () =>
        whenAwake(living, () => (machineClock.nowMs() < atMs ? arm() : fire())),
      )
    }
    arm()
    return () => cancel()
  }

  function hostOf(living: Run): Host {
    return {
      nowMs: () => BigInt(machineClock.nowMs() + aheadMs()),
      monotonicMs: () => machineClock.monotonicMs() + aheadMs(),
      setTimer: (atMs, fire) => (living.isAlive ? setTimer(living, Number(atMs), fire) : () => undefined),
      log: logOf(living),
      journal: journalOf(living),
    }
  }

  function logOf(living: Run): Log {
    const say = (fields: object, message: string) => {
      if (!living.isAlive) return
      const { culprit } = fields as { readonly culprit?: string }
      if (culprit !== undefined && options.isWatched) watch.accused(culprit, name)
      note(message, () => textOf(fields))
    }
    return { debug: () => undefined, info: () => undefined, warn: say, error: say }
  }

  function journalOf(living: Run): Journal {
    return {
      get bytes() {
        return journal.reduce((sum, { length }) => sum + length, 0)
      },
      async *read() {
        yield* [...journal]
      },
      append(record) {
        if (living.isAlive) journal.push(record.slice())
      },
      async replace(records) {
        if (living.isAlive) journal = records.map((record) => record.slice())
      },
      close: async () => undefined,
    }
  }

  function storeOf(living: Run): Store {
    const under = store
    const reach = reachOf(living)
    return {
      ...under,
      async commit(commit) {
        await reach(false)
        const parent = tip ?? observer.tipOf(under)
        if (parent && options.isWatched)
          watch.committing({ node: name, machine: observer, parent, stored: commit })
        under.commitNow(commit)
        const { id, block } = commit
        // Where the state is the same, so is the row that says who rules.
        tip =
          parent?.header.stateRoot === block.header.stateRoot
            ? { header: block.header, id, validators: parent.validators }
            : observer.tipOf(under)
        note(`commits block ${commit.id.slice(0, 8)}`, () => `height ${commit.block.header.height}`)
        if (parent && tip && options.isWatched)
          watch.committed({ node: name, store: under, machine: observer, parent, tip, stored: commit })
        await reach(false)
      },
      async revertTo(height) {
        // Block by block, each in one step, as stores do: a process may end between two.
        for (let at = under.tip()?.header.height ?? 0n; at > height; at--) {
          await reach(false)
          await under.revertTo((at - 1n) as Height)
          tip = observer.tipOf(under)
          note('takes a block back', () => `height ${at}`)
          if (options.isWatched) watch.reverted(name, at - 1n)
        }
        await reach(false)
      },
      close: async () => undefined,
    }
  }

  function networkOf(living: Run): Network {
    return {
      async join<Message>(member: NetworkMember<Message>): Promise<Membership<Message>> {
        const membership = await options.network.join<Message>({
          ...member,
          onMessage(from, message) {
            if (isAwake(living)) return member.onMessage(from, message)
            return new Promise<void>((resolve) =>
              whenAwake(living, () => void Promise.resolve(member.onMessage(from, message)).then(resolve)),
            )
          },
        })
        return {
          ...membership,
          peers: () => (living.isAlive ? membership.peers() : []),
          send(to, message) {
            whenDone(living, () => touch(living) && membership.send(to, message))
          },
          broadcast(message) {
            whenDone(living, () => touch(living) && membership.broadcast(message))
          },
          blame(peer, why) {
            if (living.isAlive) membership.blame(peer, why)
          },
        }
      },
    }
  }

  async function signerOf(living: Run, key: ValidatorKey, genesis: GenesisData): Promise<ConsensusSigner> {
    if (options.isLawless) return lawlessSigner(key)
    const { address } = key
    const { fingerprint } = genesis
    const publicKey = { suite: key.suite.code, key: key.suite.publicKey(key.secret) }
    const isNew = !machineDisk.has(SIGN_STATE)
    const file = machineDisk.open(SIGN_STATE, reachOf(living))
    // As `mmt init` does, once and before anything can go wrong.
    if (isNew)
      await writeSignState(
        machineDisk.open(SIGN_STATE, () => undefined),
        { fingerprint },
      )
    const state = await openSignState({
      file,
      owner: { fingerprint, address, publicKey },
      log: logOf(living),
    })
    if (options.isWatched) checkMemory(state)
    const signer = localSigner({ key, state })
    return {
      ...signer,
      async sign(request) {
        lastAsked = request
        if (options.isWatched) watch.asked({ node: name, ...request })
        const signature = await signer.sign(request)
        if (!living.isAlive) return NEVER
        if (signature) {
          toKnow = request
          watch.signed({ address, ...request })
          note('signs', () => placeText(request.at))
        }
        return signature
      },
    }
  }

  /** A signer that starts again knows the last message that it signed, or the one that it was about to sign; and from then on that one. */
  function checkMemory({ last }: SignState): void {
    const [before, asked] = [toKnow, lastAsked]
    if (last) toKnow = last
    lastAsked = undefined
    if (!before) return
    const isSame = (one: SignRequest | undefined) =>
      last !== undefined &&
      one !== undefined &&
      placeText(last.at) === placeText(one.at) &&
      equalBytes(last.message, one.message)
    if (isSame(before) || isSame(asked)) return
    const knows = last ? `knows ${placeText(last.at)}` : 'knows nothing'
    watch.broken('remembered', `the signer of ${name} signed ${placeText(before.at)} and ${knows}`)
  }

  async function boot(living: Run): Promise<void> {
    try {
      const genesis = options.genesis(() => {
        busyUntilMs = Math.max(busyUntilMs, schedule.nowMs) + options.transferMs
      })
      const node = await createNode({
        genesis,
        store: storeOf(living),
        host: hostOf(living),
        validator: options.key && (await signerOf(living, options.key, genesis)),
        reveal: revealOf(options),
        network: networkOf(living),
        inputLog: machineDisk.open(INPUTS, reachOf(living)),
      })
      if (!living.isAlive) return
      living.node = node
      node.stopped.catch((reason) => onEnd(living, reason))
    } catch (reason) {
      onEnd(living, reason)
    }
  }

  function revealOf({ key, reveal }: MachineOptions): NodeOptions['reveal'] {
    return key && reveal && ((at) => reveal({ address: key.address, ...at }))
  }

  /** A process ended by itself. Disks that fail are a reason; hardly anything else is. */
  function onEnd(living: Run, reason: unknown): void {
    if (!living.isAlive) return
    living.death.downMs = undefined
    const code = isChainError(reason) ? reason.code : String(reason)
    note('ends by itself', () => String(reason))
    die(living)
    const isDisk = reason instanceof DiskError || code === 'node/SIGN_STATE_FAILED'
    if (isDisk) return void schedule.after(RESTART_MS, start)
    ended = code
    // Damage that the node has told apart: its operator has to mend it.
    const isDamage = machineDisk.hasFailed && DAMAGE.includes(code)
    if (options.isWatched && !isDamage) watch.broken('stopped', `${name} ends by itself: ${reason}`)
  }

  function start(): void {
    if (run || ended !== undefined) return
    const living: Run = {
      ...{ isAlive: true, reachesLeft: -1, node: undefined },
      death: { power: false, downMs: undefined },
    }
    run = living
    if (starts > 0) options.onRestart()
    starts += 1
    note('starts')
    void boot(living)
  }

  return {
    name,
    disk: machineDisk,
    clock: machineClock,
    get node() {
      return run?.node
    },
    get store() {
      return store
    },
    get height() {
      return store.tip()?.header.height ?? 0n
    },
    get isUp() {
      return run !== undefined
    },
    get ended() {
      return ended
    },
    start,
    crashSoon({ reaches, power, downMs }) {
      if (!run) return
      run.reachesLeft = reaches
      run.death.power = power
      run.death.downMs = downMs
    },
    crash({ power, downMs }) {
      if (!run) return
      run.death.power = power
      run.death.downMs = downMs
      die(run)
    },
    pause(forMs) {
      awakeAtMs = Math.max(awakeAtMs, schedule.nowMs + forMs)
      note('pauses', () => `for ${forMs} ms`)
    },
    loseLog(downMs) {
      if (!run) return
      run.death.power = false
      run.death.downMs = downMs
      die(run)
      machineDisk.remove(INPUTS)
      note('loses its log of inputs')
    },
    calm() {
      awakeAtMs = schedule.nowMs
      machineDisk.failSyncs(0)
      machineDisk.setFull(false)
      if (run) run.reachesLeft = -1
    },
    wipe() {
      machineDisk.wipe()
      store = memoryStore()
      tip = undefined
      journal = []
      lastAsked = undefined
      toKnow = undefined
      watch.wiped(name)
    },
  }
}

function textOf(fields: object): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}
