/** Work in pieces that leaves most of the time to others. */
export function backgroundWork(args: {
  readonly share: number
  readonly hasWork: () => boolean
  readonly work: () => AsyncGenerator<void>
}) {
  const { share, hasWork, work } = args
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
      // A failed write is told to the next commit.
      running ??= run()
        .catch(() => undefined)
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
