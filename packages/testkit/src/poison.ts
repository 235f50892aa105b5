/** What differs from run to run, by the object that has it. */
const sources: readonly (readonly [object: object, name: string, what: string])[] = [
  [Math, 'random', 'the random source'],
  [globalThis.crypto, 'getRandomValues', 'the random source'],
  [globalThis.crypto, 'randomUUID', 'the random source'],
  [performance, 'now', 'the clock'],
]

/**
 * Runs `work` with the clock and the random source made to throw, and throws itself when one of them was read, so that a
 * module that reads them fails its own test instead of forking a chain.
 */
export function withPoison<T>(work: () => T): T {
  let read: string | undefined
  const poison = (what: string) => () => {
    read = `${what} was read during execution; use ctx.block, which is equal on every node`
    throw new Error(read)
  }
  const restore = sources.map(([object, name, what]) => {
    const before = Object.getOwnPropertyDescriptor(object, name)
    Object.defineProperty(object, name, { value: poison(what), configurable: true, writable: true })
    return () => {
      if (before) Object.defineProperty(object, name, before)
      else Reflect.deleteProperty(object, name)
    }
  })
  const { Date: clock } = globalThis
  const trap = poison('the clock')
  globalThis.Date = new Proxy(clock, { construct: trap, apply: trap, get: trap })
  let outcome: { readonly value: T } | { readonly error: unknown }
  try {
    outcome = { value: work() }
  } catch (error) {
    outcome = { error }
  }
  globalThis.Date = clock
  for (const undo of restore) undo()
  // A module may catch what is thrown at it, and execution takes it for a refusal or a fault: here it ends the test.
  if (read !== undefined) throw new Error(read)
  if ('error' in outcome) throw outcome.error
  return outcome.value
}
