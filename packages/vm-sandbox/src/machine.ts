import { type EngineExports, engineModule } from './engine.ts'

/**
 * Where the engine refuses by itself. Each byte of its own stack stands for up to four of the host's (`engine/instrument.mjs`),
 * so that the host's never holds more than 640 KiB of one call and all that it nests.
 */
export const STACK_BYTES_MAX = 160 * 1024
const PAGE_BYTES = 65_536
/** The name of the time zone, with the zero that ends it. */
const UTC = Uint8Array.of(0x55, 0x54, 0x43, 0)
/** The engine asks for a memory of at least so many pages. */
const PAGES_MIN = 256

/** Everything of a machine that a call may change, frozen. The stack is not in it: between calls it is all zeros. */
export interface Image {
  readonly data: Uint8Array
  /** From the top of the stack on, without the zeros at its end. */
  readonly heap: Uint8Array
  readonly pages: number
}

export const imageBytes = (image: Image): number => image.data.length + image.heap.length

/** What a machine asks of its host while it runs. */
export interface MachineHost {
  /** The milliseconds since 1970 that code sees. */
  nowMs(): number
  /** Code calls the host function `id` with `count` values at `values`; answers with a value, or throws. */
  callHost(count: number, values: number, id: number): number
}

/** Thrown through the engine when its host stops it; `stop` says why. */
export const STOPPED = new Error('The machine was stopped.')
/** Thrown where the engine gives up: an assertion of its own failed. */
export const ENGINE_GAVE_UP = new Error('The engine gave up.')

export const stopReasons = { gas: 1, memory: 2, stack: 3 } as const

/** One engine with its memory, which never really grows, so that no host can be short of it at another point than another host. */
export interface Machine {
  readonly engine: EngineExports
  readonly bytes: Uint8Array
  readonly view: DataView
  host: MachineHost
  /**
   * Puts a frozen image in the place of everything that has happened since, also of what a stop or a fault left: the engine's code writes nowhere
   * but where this clears or copies (`engine/stores.mjs`). `below` is the stack that outer machines use.
   */
  restore(image: Image, below: number): void
  /** The bytes of stack in use, with those of outer machines. */
  stackBytes(): number
  /** What is now, frozen. Nothing may be running. */
  freeze(): Image
  /** Whether so many bytes from there on are all among those that the engine itself may write. */
  isOwn(at: number, bytes: number): boolean
  /** Takes gas for what the host does; stops the machine when it has none left. */
  charge(gas: bigint): void
}

const idle: MachineHost = {
  nowMs: () => 0,
  callHost: () => {
    throw ENGINE_GAVE_UP
  },
}

/** A new engine. `memoryBytesMax` counts from the start of its memory. */
export function newMachine(args: { readonly memoryBytesMax: number }): Machine {
  const pagesMax = Math.floor(args.memoryBytesMax / PAGE_BYTES)
  const initial = Math.max(PAGES_MIN, pagesMax)
  const memory = new WebAssembly.Memory({ initial, maximum: initial })
  const bytes = new Uint8Array(memory.buffer)
  const view = new DataView(memory.buffer)
  const giveUp = () => {
    throw ENGINE_GAVE_UP
  }
  const imports = {
    ...{ assertFailed: giveUp, abort: giveUp, exit: giveUp, keepAlive: giveUp, setTimer: giveUp },
    ...{ fdWrite: giveUp, fdClose: giveUp, fdSeek: giveUp, loadModule: giveUp, normalizeModule: giveUp },
    ...{ interrupt: () => 0, freeHostRef: () => undefined },
    environSizes: (count: number, size: number) => {
      for (const at of [count, size]) writeWithin(at, new Uint8Array(4))
      return 0
    },
    environGet: () => 0,
    now: () => machine.host.nowMs(),
    // The only time zone is UTC: of what `struct tm` says, the engine reads the offset alone.
    localTime: (_seconds: bigint, at: number) => writeWithin(at, new Uint8Array(40)),
    timeZone: (offset: number, daylight: number, standardName: number, daylightName: number) => {
      for (const at of [offset, daylight]) writeWithin(at, new Uint8Array(4))
      for (const at of [standardName, daylightName]) writeWithin(at, UTC)
    },
    callHost: (_context: number, _self: number, count: number, values: number, id: number) =>
      machine.host.callHost(count, values, id),
  }
  const instance = new WebAssembly.Instance(engineModule(), { host: imports, a: { a: memory } })
  const engine = instance.exports as unknown as EngineExports
  const [dataEnd, windowStart, stackTop, slackBytes] = [
    engine.dataEnd.value,
    engine.windowStart.value,
    engine.stackTop.value,
    engine.slackBytes.value,
  ]
  const usedEnd = () => engine.pages.value * PAGE_BYTES
  const setPages = (pages: number) => {
    engine.pages.value = pages
    engine.window.value = pages * PAGE_BYTES - windowStart
  }
  const writeWithin = (at: number, written: Uint8Array) => {
    if (!machine.isOwn(at, written.length)) throw ENGINE_GAVE_UP
    bytes.set(written, at)
  }
  setPages(Math.ceil(stackTop / PAGE_BYTES))
  engine.pagesMax.value = pagesMax

  const machine: Machine = {
    ...{ engine, bytes, view, host: idle },
    restore(image, below) {
      bytes.set(image.data, 0)
      bytes.fill(0, dataEnd, dataEnd + slackBytes)
      bytes.fill(0, windowStart, stackTop)
      bytes.set(image.heap, stackTop)
      const heapEnd = stackTop + image.heap.length
      bytes.fill(0, heapEnd, Math.max(heapEnd, usedEnd()) + slackBytes)
      setPages(image.pages)
      engine.stackPointer.value = stackTop - below
      engine.stop.value = 0
    },
    stackBytes: () => stackTop - engine.stackPointer.value,
    freeze() {
      let heapEnd = usedEnd()
      while (heapEnd > stackTop && view.getUint32(heapEnd - 4) === 0) heapEnd -= 4
      return {
        data: bytes.slice(0, dataEnd),
        heap: bytes.slice(stackTop, heapEnd),
        pages: engine.pages.value,
      }
    },
    isOwn: (at, count) =>
      count >= 0 && at >= 0 && (at + count <= dataEnd || (at >= windowStart && at + count <= usedEnd())),
    charge(gas) {
      engine.gas.value -= gas
      if (engine.gas.value >= 0n) return
      engine.stop.value = stopReasons.gas
      throw STOPPED
    },
  }
  engine.initialise()
  return machine
}
