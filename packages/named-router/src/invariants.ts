// Sentences that hold after every block.
import { faultOfName } from './labels.ts'
import { COMMITMENTS_MAX, type NamesReader } from './nouns.ts'
import { faultOfRecord } from './records.ts'

interface Invariant {
  readonly sentence: string
  readonly holdsNow: (ctx: NamesReader) => boolean
}

const nameOf = ([above, label]: readonly [string, string]): string =>
  above === '' ? label : `${label}.${above}`

export const invariants: readonly Invariant[] = [
  {
    sentence:
      'every name has a number of its own, below the next one, and only names below the root have a lease',
    holdsNow: ({ state }) => {
      const rows = [...state.names.entries()]
      const numbers = new Set(rows.map(([, { number }]) => number))
      return (
        numbers.size === rows.length &&
        rows.every(
          ([[above], { number, of, untilMs }]) =>
            of < number &&
            number < state.next.get() &&
            (above === '') === untilMs > 0n &&
            (above === '') === (of === 0n),
        )
      )
    },
  },
  {
    sentence: 'every name is one by the rules of DNS',
    holdsNow: ({ state, params }) =>
      [...state.names.entries()].every(([key]) => faultOfName(nameOf(key), params.root) === undefined),
  },
  {
    sentence: 'records are those of a name that is there, each of its kind and key once and fit for use',
    holdsNow: ({ state }) =>
      [...state.records.entries()].every(([key, { of, records }]) => {
        const places = records.map(({ kind, value }) => `${kind} ${kind === 'text' ? value.key : ''}`)
        return (
          state.names.get(key)?.number === of &&
          new Set(places).size === records.length &&
          records.length > 0 &&
          records.every((one) => faultOfRecord(one) === undefined)
        )
      }),
  },
  {
    sentence: 'nobody has more commitments than may wait, nor one twice',
    holdsNow: ({ state }) =>
      [...state.commitments.entries()].every(
        ([, open]) =>
          open.length > 0 &&
          open.length <= COMMITMENTS_MAX &&
          new Set(open.map(({ commitment }) => commitment)).size === open.length,
      ),
  },
]
