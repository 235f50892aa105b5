// In a module, `Map` and `Set` have no order. To hold modules to it, every collection that module code has changed while blocks
// were executed is iterated in another order in the second execution. What the kernel hands over keeps its order: state tables,
// decoded maps and lists; so do collections that no handler changes, such as a table of constants.

/** Which methods are replaced while a block is executed. */
type Methods = Readonly<Record<PropertyKey, (...args: never) => unknown>>
type Collection = ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>

interface Span {
  /** Undefined in the first execution, which only notes what module code changes. */
  readonly seed: number | undefined
  /** Numbers for the collections that were iterated, so that each keeps its own order until it changes. */
  readonly numbers: WeakMap<object, number>
  iterated: number
  /** True while module code runs, false while the kernel does on its behalf. */
  inModule: boolean
}

let span: Span | undefined
/** All that module code has changed while a block was executed, in this process. */
const changed = new WeakSet<object>()
/** What each iteration that is under way has visited. */
const visits = new WeakMap<object, Set<Set<unknown>>>()

const [mapKeys, mapGet] = [Map.prototype.keys, Map.prototype.get]
const { add, delete: remove, clear, values: setValues } = Set.prototype

/** Runs an execution and notes which collections module code changes. */
export function watchingOrder<T>(work: () => T): T {
  return within(undefined, work)
}

/** Runs an execution in which the collections that module code has changed have another order, given by `seed`. */
export function withShuffledOrder<T>(seed: number, work: () => T): T {
  return within(seed, work)
}

/** Marks code as a module's. */
export function asModule<F extends (...args: never) => unknown>(code: F): F {
  return crossing(code, true)
}

/** Marks code as the kernel's, though module code calls it. */
export function asKernel<F extends (...args: never) => unknown>(code: F): F {
  return crossing(code, false)
}

function crossing<F extends (...args: never) => unknown>(code: F, inModule: boolean): F {
  return function (this: unknown, ...args: Parameters<F>) {
    const current = span
    if (!current) return Reflect.apply(code, this, args)
    const before = current.inModule
    current.inModule = inModule
    try {
      return Reflect.apply(code, this, args)
    } finally {
      current.inModule = before
    }
  } as unknown as F
}

function within<T>(seed: number | undefined, work: () => T): T {
  const undo = [replace(Map.prototype, mapMethods), replace(Set.prototype, setMethods)]
  span = { seed, numbers: new WeakMap(), iterated: 0, inModule: false }
  try {
    return work()
  } finally {
    span = undefined
    for (const restore of undo) restore()
  }
}

function replace(prototype: object, methods: Methods): () => void {
  const before = Reflect.ownKeys(methods).map(
    (name) => [name, Object.getOwnPropertyDescriptor(prototype, name) as PropertyDescriptor] as const,
  )
  for (const [name, descriptor] of before)
    Object.defineProperty(prototype, name, { ...descriptor, value: methods[name] })
  return () => {
    for (const [name, descriptor] of before) Object.defineProperty(prototype, name, descriptor)
  }
}

type Pick = (collection: Collection, key: unknown) => unknown
const keyAt: Pick = (_, key) => key
const valueAt: Pick = (map, key) => Reflect.apply(mapGet, map, [key])
const entryAt: Pick = (map, key) => [key, Reflect.apply(mapGet, map, [key])]
const pairAt: Pick = (_, key) => [key, key]

const mapMethods: Methods = {
  [Symbol.iterator]: iterating(Map.prototype.entries, entryAt),
  entries: iterating(Map.prototype.entries, entryAt),
  keys: iterating(Map.prototype.keys, keyAt),
  values: iterating(Map.prototype.values, valueAt),
  forEach: visiting(Map.prototype.forEach, valueAt),
  set: changing(Map.prototype.set),
  delete: forgetting(Map.prototype.delete),
  clear: forgetting(Map.prototype.clear),
}
const setMethods: Methods = {
  [Symbol.iterator]: iterating(Set.prototype.values, keyAt),
  entries: iterating(Set.prototype.entries, pairAt),
  keys: iterating(Set.prototype.values, keyAt),
  values: iterating(Set.prototype.values, keyAt),
  forEach: visiting(Set.prototype.forEach, keyAt),
  add: changing(Set.prototype.add),
  delete: forgetting(Set.prototype.delete),
  clear: forgetting(Set.prototype.clear),
}

function iterating(original: (this: never) => unknown, pick: Pick) {
  return function (this: Collection): unknown {
    return isShuffled(this) ? shuffled(this, pick) : Reflect.apply(original as () => unknown, this, [])
  }
}

function visiting(original: unknown, pick: Pick) {
  return function (this: Collection, visit: (...args: unknown[]) => unknown, self?: unknown): undefined {
    if (!isShuffled(this)) Reflect.apply(original as () => unknown, this, [visit, self])
    else for (const key of shuffled(this, keyAt)) Reflect.apply(visit, self, [pick(this, key), key, this])
  }
}

function changing(original: unknown) {
  return function (this: Collection, ...args: unknown[]): unknown {
    if (span?.inModule) changed.add(this)
    return Reflect.apply(original as () => unknown, this, args)
  }
}

/** What is deleted and added again is visited again. */
function forgetting(original: unknown) {
  return function (this: Collection, ...args: unknown[]): unknown {
    if (span?.inModule) changed.add(this)
    const others = visits.get(this)
    for (const seen of others ? all(others) : []) {
      if (args.length > 0) Reflect.apply(remove, seen, [args[0]])
      else Reflect.apply(clear, seen, [])
    }
    return Reflect.apply(original as () => unknown, this, args)
  }
}

function isShuffled(collection: Collection): boolean {
  return span?.seed !== undefined && span.inModule && changed.has(collection)
}

/** Everything in the collection once, as its own iterators would while it changes, but in another order. */
function* shuffled(collection: Collection, pick: Pick): Generator<unknown> {
  const seen = new Set<unknown>()
  const others = visits.get(collection) ?? new Set()
  visits.set(collection, others)
  Reflect.apply(add, others, [seen])
  try {
    for (;;) {
      const waiting = reordered(collection, seen)
      if (waiting.length === 0) return
      for (const key of waiting) {
        if (seen.has(key) || !collection.has(key)) continue
        Reflect.apply(add, seen, [key])
        yield pick(collection, key)
      }
    }
  } finally {
    Reflect.apply(remove, others, [seen])
  }
}

/** What is not seen yet, never in the order in which it stands there; the same order while the collection stays the same. */
function reordered(collection: Collection, seen: ReadonlySet<unknown>): readonly unknown[] {
  const keys = all(collection).filter((key) => !seen.has(key))
  const next = generator(numberOf(collection))
  const order = keys.map((_, at) => at)
  for (let at = order.length - 1; at > 0; at--) {
    const other = next(at + 1)
    const swapped = order[at] as number
    order[at] = order[other] as number
    order[other] = swapped
  }
  if (order.every((from, at) => from === at)) order.reverse()
  return order.map((from) => keys[from])
}

function numberOf(collection: Collection): number {
  if (!span) return 0
  const known = span.numbers.get(collection)
  if (known !== undefined) return known
  const number = (span.seed ?? 0) * 65_536 + span.iterated++
  span.numbers.set(collection, number)
  return number
}

/** The keys in the order in which they stand there. */
function all<T>(collection: ReadonlySet<T> | Collection): readonly T[] {
  const keys = collection instanceof Map ? mapKeys : setValues
  return [...(Reflect.apply(keys as () => Iterable<T>, collection, []) as Iterable<T>)]
}

/** Numbers from 0 to below a bound, from a seed (mulberry32). */
function generator(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}
