import { address, bool, list, option, struct, u32, u64 } from '@mmtchain/codec'
import type { Module, Needs, TypesOf } from '@mmtchain/kernel'
import { type Address, ChainError } from '@mmtchain/primitives'
import { definition, id } from './definition.ts'
import { appoint, dismiss, publish, retire } from './definitions.ts'
import { act, fireDeadlines, start } from './instances.ts'
import {
  attachments,
  EFFECTS_MAX,
  type Effect,
  instance,
  instanceFields,
  nouns,
  PAGE_MAX,
  type ProcessOptions,
  page,
  pageOf,
  settings,
  stepFields,
} from './nouns.ts'

/** What every later module may ask. */
export interface ProcessReads {
  stateOf(
    instance: bigint,
  ): { readonly process: string; readonly version: number; readonly state: string } | undefined
  holds(args: { readonly process: string; readonly role: string; readonly who: Address }): boolean
}

/** Checking a definition follows every way through it. */
const PUBLISH_WEIGHT = 3_000n
const ACT_WEIGHT = 200n
const role = struct({ process: id, role: id, who: address })
const processRow = { owner: address, newest: u32, retired: bool }

function declare(options: ProcessOptions<{}>) {
  const effects = (options.effects ?? {}) as { readonly [name: string]: Effect<never> }
  return nouns(options)
    .provides<{}, {}, ProcessReads>({
      reads: ({ state }) => ({
        stateOf(number) {
          const found = state.instances.get(number)
          return found && { process: found.process, version: found.version, state: found.state }
        },
        holds: (args) => state.holders.has([args.process, args.role, args.who]),
      }),
    })
    .beginBlock(fireDeadlines)
    .command('publish', struct({ definition }), { weight: PUBLISH_WEIGHT }, publish)
    .command('retire', struct({ process: id }), retire)
    .command('appoint', role, appoint)
    .command('dismiss', role, dismiss)
    .command('start', struct({ process: id, set: settings }), { weight: ACT_WEIGHT }, start)
    .command(
      'act',
      struct({ instance: u64, transition: id, set: settings, attachments }),
      { weight: ACT_WEIGHT },
      (ctx, input) => act(ctx, input, effects),
    )
    .query('process', struct({ process: id }), option(struct(processRow)), ({ state }, input) => {
      return state.processes.get(input.process) ?? null
    })
    .query(
      'processes',
      struct(pageOf({ from: id })),
      list(struct({ process: id, ...processRow }), { max: PAGE_MAX }),
      ({ state }, { from, limit }) =>
        [...state.processes.entries({ from, limit: page(limit) })].map(([process, row]) => ({
          process,
          ...row,
        })),
    )
    .query('definition', struct({ process: id, version: u32 }), option(definition), ({ state }, input) => {
      return state.definitions.get([input.process, input.version])?.definition ?? null
    })
    .query(
      'holders',
      struct(pageOf({ process: id, role: id, from: option(address) })),
      list(address, { max: PAGE_MAX }),
      ({ state }, { process, role: held, from, limit }) => {
        const first = from === null ? {} : { from: [process, held, from] as const }
        return [...state.holders.entries({ prefix: [process, held], ...first, limit: page(limit) })].map(
          ([[, , who]]) => who,
        )
      },
    )
    .query('instance', struct({ instance: u64 }), option(instance), ({ state }, input) => {
      return state.instances.get(input.instance) ?? null
    })
    .query(
      'instances',
      struct(pageOf({ process: id, from: u64 })),
      list(struct({ instance: u64, ...instanceFields }), { max: PAGE_MAX }),
      ({ state }, { process, from, limit }) =>
        [
          ...state.ofProcess.entries({ prefix: [process], from: [process, from], limit: page(limit) }),
        ].flatMap(([[, number]]) => {
          const row = state.instances.get(number)
          return row ? [{ instance: number, ...row }] : []
        }),
    )
    .query(
      'history',
      struct(pageOf({ instance: u64, from: u64 })),
      list(struct({ step: u64, ...stepFields }), { max: PAGE_MAX }),
      ({ state }, { instance: number, from, limit }) =>
        [...state.history.entries({ prefix: [number], from: [number, from], limit: page(limit) })].map(
          ([[, step], row]) => ({
            step,
            ...row,
          }),
        ),
    )
    .invariant(
      'every instance is in a state of its definition, where its history says that it went',
      ({ state }) =>
        [...state.instances.entries()].every(([number, row]) => {
          const states = state.definitions.get([row.process, row.version])?.definition.states
          const lines = [...state.history.entries({ prefix: [number] })]
          const ways = lines.map(
            ([, { from, to }], at) => at === 0 || from === lines[at - 1]?.[1].to || to === '',
          )
          return (
            states?.some((one) => one.id === row.state) === true &&
            lines.at(-1)?.[1].to === row.state &&
            BigInt(lines.length) === row.steps &&
            ways.every(Boolean) &&
            state.ofProcess.has([row.process, number])
          )
        }),
    )
    .invariant('an instance is due when its state has a deadline, and only then', ({ state }) => {
      const due = [...state.instances.entries()].filter(([, { dueMs }]) => dueMs !== null)
      return (
        due.every(([number, { dueMs }]) => dueMs !== null && state.due.has([dueMs, number])) &&
        [...state.due.entries()].length === due.length &&
        [...state.instances.entries()].every(([, row]) => {
          const states = state.definitions.get([row.process, row.version])?.definition.states
          return (states?.find((one) => one.id === row.state)?.deadline !== null) === (row.dueMs !== null)
        })
      )
    })
    .invariant('whoever waits for a process has one that has not ended, and no other', ({ state }) => {
      const running = new Map<bigint, number>()
      for (const [, { parent, process, version, state: at }] of state.instances.entries()) {
        const states = state.definitions.get([process, version])?.definition.states
        if (parent !== null && !states?.find((one) => one.id === at)?.final)
          running.set(parent, (running.get(parent) ?? 0) + 1)
      }
      return [...state.instances.entries()].every(([number, { process, version, state: at }]) => {
        const states = state.definitions.get([process, version])?.definition.states
        return (running.get(number) ?? 0) === (states?.find((one) => one.id === at)?.sub ? 1 : 0)
      })
    })
}

type All = TypesOf<ReturnType<typeof declare>>

/**
 * Workflows as data. Their owners publish them, and they are checked before they are accepted; whoever may acts; deadlines fire by the block's time; the
 * whole history stays. `effects` are what transitions may do in other modules. Throws `process/BAD_OPTIONS`.
 */
export function process<const N extends Needs = {}>(
  options: ProcessOptions<N> = {},
): Module<Omit<All, 'needs'> & { needs: N }> {
  const names = Object.keys(options.effects ?? {})
  const bad = names.find((name) => !/^[a-z0-9][a-zA-Z0-9-]{0,31}$/.test(name))
  if (bad !== undefined || names.length > EFFECTS_MAX) {
    const why =
      bad === undefined ? `there are more than ${EFFECTS_MAX} effects` : `"${bad}" is no name of an effect`
    throw new ChainError({
      code: 'process/BAD_OPTIONS',
      message: `The module process cannot be defined: ${why}.`,
      hint: 'Correct the effects in the chain file.',
    })
  }
  // The needs are the chain file's own; only its effects call them.
  return declare(options as unknown as ProcessOptions<{}>) as unknown as Module<
    Omit<All, 'needs'> & { needs: N }
  >
}
