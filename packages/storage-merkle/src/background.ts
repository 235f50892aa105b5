/** Work in pieces that leaves most of the time to others. */
export function backgroundWork(args: {
  readonly share: number
  readonly hasWork: () => boolean
  readonly work: () => AsyncGenerator<void>
  /** Takes what the work threw; the work then rests until it is woken. */
  readonly onFault: (error: unknown) => void
}) {
  const { share, hasWork, work, onFault } = args
  let stopped = false
  let running: Promise<void> | undefined
  let skipRest: (() => void) | undefined

  async function run(): Promise<void> {
    while (!stopped && hasWork()) {
      let start = performance.now()
      for await (const _ of work()) {
        if (stopped) return
        await rest((performance.now() - start) * (1 / share - 1))
        start = performance.now()
      }
    }
  }

  function rest(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      skipRest = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  return {
    wake() {
      running ??= run()
        .catch(onFault)
        .finally(() => {
          running = undefined
        })
    },
    async stop() {
      stopped = true
      skipRest?.()
      await running
    },
  }
}

/** The longest rest, so that what stops meanwhile is not waited for. */
const REST_MS_MAX = 1_000

/** Gives a function that work calls between its pieces: it rests there so that the work takes at most `share` of the time. */
export function restingWork(share: number): () => Promise<void> {
  let start = performance.now()
  return async () => {
    const restMs = (performance.now() - start) * (1 / share - 1)
    // Timers are no finer; what is left counts with the next piece.
    if (restMs < 1) return
    await new Promise((resolve) => setTimeout(resolve, Math.min(restMs, REST_MS_MAX)))
    start = performance.now()
  }
}
