import { cell, type Module, type ModuleTypes, u32, unit } from '@mmtchain/kernel'

/** What a migration and a query of a later version see, whatever the module. */
interface AnyRows {
  readonly [name: string]: {
    entries(): Iterable<unknown>
    get(): number
    set(value: number): void
  }
}

/**
 * A module as a later version of it could be: version 2 counts the rows of one of its tables in a cell, which its migration fills from the rows
 * that there are, and tells the count by a query of the cell's name. For tests that a chain goes on from version 1 to 2.
 */
export function laterVersion<T extends ModuleTypes>(
  module: Module<T>,
  { rows, count }: { readonly rows: string; readonly count: string },
): Module<T> {
  const { spec } = module
  const migrate = ({ state }: { readonly state: AnyRows }) =>
    state[count]?.set([...(state[rows]?.entries() ?? [])].length)
  const query = {
    ...{ input: unit, output: u32 },
    run: ({ state }: { readonly state: AnyRows }) => state[count]?.get(),
  }
  const later = {
    ...{ ...spec, version: 2, state: { ...spec.state, [count]: cell(u32, 0) } },
    migrations: new Map([[1, migrate]]),
    queries: new Map([...spec.queries, [count, query]]),
  }
  return Object.freeze({ ...module, spec: later as never })
}
