/**
 * Runs `work` with the clock and the random source made to throw, so that a module that reads them fails its own test
 * instead of forking a chain.
 */
export function withPoison<T>(work: () => T): T {
  const { Date: clock } = globalThis
  const { random } = Math
  const poison = (what: string) => () => {
    throw new Error(`${what} was read during execution; use ctx.block, which is equal on every node`)
  }
  globalThis.Date = new Proxy(clock, {
    construct: poison('the clock'),
    apply: poison('the clock'),
    get: poison('the clock'),
  })
  Math.random = poison('the random source') as () => number
  try {
    return work()
  } finally {
    globalThis.Date = clock
    Math.random = random
  }
}
