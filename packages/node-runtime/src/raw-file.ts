/** A file as a disk has it: what was written outlasts a power failure only after `sync`. */
export interface RawFile {
  /** For messages to people. */
  readonly name: string
  size(): Promise<number>
  /** The bytes from a place on, fewer where the file ends. */
  read(at: number, length: number): Promise<Uint8Array>
  /** Writes at a place; the file grows when it must. */
  write(at: number, bytes: Uint8Array): Promise<void>
  /** Cuts off what lies from `length` on. */
  truncate(length: number): Promise<void>
  /**
   * All that was written is on the disk when it resolves. When it rejects, nobody knows what is there. `beside` lets this thread go on meanwhile,
   * for what is not urgent: on a busy node it takes longer.
   */
  sync(how?: 'beside'): Promise<void>
  close(): Promise<void>
}

/** A file in memory, for tests, and for those who need nothing to last. */
export function memoryFile(name = 'memory', content: Uint8Array = new Uint8Array()): RawFile {
  let bytes = Uint8Array.from(content)
  return {
    name,
    size: async () => bytes.length,
    read: async (at, length) => bytes.slice(at, at + length),
    async write(at, more) {
      const length = Math.max(bytes.length, at + more.length)
      if (length > bytes.length) {
        const grown = new Uint8Array(length)
        grown.set(bytes)
        bytes = grown
      }
      bytes.set(more, at)
    },
    async truncate(length) {
      if (length < bytes.length) bytes = bytes.slice(0, length)
    },
    sync: async () => undefined,
    close: async () => undefined,
  }
}
