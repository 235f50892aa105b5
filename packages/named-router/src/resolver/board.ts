// How the places that can answer stand: what they take, what they have under way, and whether they failed.

/** What was seen of one place, known by its origin. */
interface Seen {
  /** Down at once and up smoothly, so that a moment of load here is no mark of a place; undefined while it has not answered. */
  latencyMs: number | undefined
  answers: number
  answeredMs: number
  underWay: number
  /** In the order of use, so that equal ones take turns. */
  usedAt: number
  failures: number
  /** Nobody asks it before. */
  restUntilMs: number
}

/** What a node of the chain has told of a place. */
export interface Told {
  readonly url: string
  readonly costMs: number
}

export interface Board {
  /** The best first: those that answer before those that failed, near before far, and among equals whoever has least under way. */
  order(urls: readonly string[]): readonly string[]
  /** Whether the last question to a place failed. */
  isFailing(url: string): boolean
  /** Asks a place, and remembers how it did. */
  ask<T>(url: string, run: () => Promise<T>): Promise<T>
  /** Takes over which nodes are healthy, as one of them says. */
  tell(nodes: readonly Told[]): void
}

/** How many places are remembered. */
const SEEN_MAX = 1_024
const REST_MS = 1_000
const REST_MS_MAX = 30_000
/** Places within so much of the best are equal: what they differ by is chance. */
const EQUAL_FACTOR = 3
const EQUAL_MS = 50
/** So many answers tell how far a place is, for so long; before and after it gets its turn among the near ones. */
const ANSWERS_MIN = 4
const FORGET_MS = 5_000
/** How much one slower answer moves the latency. */
const WEIGHT = 0.2

export function createBoard({ nowMs }: { readonly nowMs: () => number }): Board {
  const places = new Map<string, Seen>()
  const told = new Map<string, number>()
  let uses = 0

  function seen(url: string): Seen {
    const key = originOf(url)
    const found = places.get(key) ?? {
      latencyMs: undefined,
      answers: 0,
      answeredMs: 0,
      underWay: 0,
      usedAt: 0,
      failures: 0,
      restUntilMs: 0,
    }
    places.delete(key)
    places.set(key, found)
    for (const [oldest] of places) {
      if (places.size <= SEEN_MAX) break
      places.delete(oldest)
    }
    return found
  }

  /** Own measurements first; of others what a node has told. */
  const costOf = (url: string, { latencyMs }: Seen): number => latencyMs ?? told.get(originOf(url)) ?? 0

  return {
    order(urls) {
      const now = nowMs()
      const all = urls.map((url) => ({ url, at: seen(url) }))
      const rests = ({ at }: (typeof all)[number]) => at.restUntilMs > now
      const awake = all.filter((one) => !rests(one))
      const least = Math.min(...awake.map(({ url, at }) => costOf(url, at)))
      const near = Math.max(least * EQUAL_FACTOR, least + EQUAL_MS)
      const isKnown = ({ answers, answeredMs }: Seen) =>
        answers >= ANSWERS_MIN && now - answeredMs < FORGET_MS
      const rank = (one: (typeof all)[number]) => {
        if (rests(one)) return 2
        return costOf(one.url, one.at) <= near || (one.at.answers > 0 && !isKnown(one.at)) ? 0 : 1
      }
      return all
        .sort(
          (a, b) =>
            rank(a) - rank(b) ||
            (rank(a) === 0 ? a.at.underWay - b.at.underWay || a.at.usedAt - b.at.usedAt : 0) ||
            (rank(a) === 2 ? a.at.restUntilMs - b.at.restUntilMs : costOf(a.url, a.at) - costOf(b.url, b.at)),
        )
        .map(({ url }) => url)
    },
    isFailing: (url) => (places.get(originOf(url))?.failures ?? 0) > 0,
    async ask(url, run) {
      const at = seen(url)
      uses += 1
      at.usedAt = uses
      at.underWay += 1
      const begun = nowMs()
      try {
        const answer = await run()
        const took = nowMs() - begun
        const known = at.latencyMs ?? took
        at.latencyMs = took < known ? took : known + WEIGHT * (took - known)
        at.answers += 1
        at.answeredMs = nowMs()
        at.failures = 0
        at.restUntilMs = 0
        return answer
      } catch (error) {
        at.failures += 1
        at.restUntilMs = nowMs() + Math.min(REST_MS * 2 ** (at.failures - 1), REST_MS_MAX)
        throw error
      } finally {
        at.underWay -= 1
      }
    },
    tell(nodes) {
      for (const { url, costMs } of nodes) {
        told.delete(originOf(url))
        told.set(originOf(url), costMs)
      }
      for (const oldest of [...told.keys()].slice(0, -SEEN_MAX)) told.delete(oldest)
    },
  }
}

/** What one connection serves. */
export function originOf(url: string): string {
  try {
    return new URL(url).origin
  } catch {
    return url
  }
}
