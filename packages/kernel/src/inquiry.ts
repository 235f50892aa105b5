import { height as toHeight } from '@mmtchain/primitives'
import { transactionBytes } from '@mmtchain/tx'
import { type ValidatorSet, ZERO_HASH } from './block.ts'
import { keepChanges } from './execution/journal.ts'
import { type Release, type Releases, releaseOf } from './execution/release.ts'
import { openSession, type Session } from './execution/session.ts'
import {
  executeTransaction,
  isFreeRide,
  type Prepared,
  quote,
  reserve,
  reserveTransaction,
} from './execution/transaction.ts'
import { validatorsIn } from './kernel-module.ts'
import type { Machine } from './machine.ts'
import type { BlockContext, StateReader, Tip } from './ports.ts'
import { kernelFail } from './refusals.ts'

/** A state with nothing in it. */
export const NO_ROWS: StateReader = { get: () => undefined, entries: () => [].values() }

/** The part of a machine that decides no block: it tries, prices and answers, and leaves nothing behind. */
export type Inquiry = Pick<
  Machine,
  'admission' | 'simulate' | 'quote' | 'query' | 'brokenInvariants' | 'release' | 'tipOf'
>

export function createInquiry({
  releases,
  contextOf,
  genesisContext,
}: {
  readonly releases: Releases
  readonly contextOf: (header: Tip['header'], validators: ValidatorSet) => Omit<BlockContext, 'weight'>
  readonly genesisContext: () => Omit<BlockContext, 'weight'>
}): Inquiry {
  /** A session that sees the tip's state as the block after it would, under the release of the tip. */
  function sessionOn({ rules }: Release, state: StateReader, { header, validators }: Tip): Session {
    const next = { ...header, height: toHeight(header.height + 1n) }
    return openSession(rules.runtime, state, contextOf(next, validators))
  }

  return {
    admission(state, tip) {
      const release = releaseOf(releases, state)
      const { rules } = release
      const session = sessionOn(release, state, tip)
      function admit(prepared: Prepared) {
        keepChanges(session.journal)
        const { nonce, charged } = reserveTransaction(rules, session, prepared, 'later')
        return {
          nonce,
          isFreeRide: isFreeRide(rules, session, charged.fee),
          reservation: { prepared, charged, rules },
        }
      }
      return {
        admit,
        reserve({ prepared, charged, rules: before }) {
          // Another release may price its calls otherwise.
          if (before !== rules) return void admit(prepared)
          keepChanges(session.journal)
          reserve(rules, session, charged)
        },
      }
    },
    simulate(state, tip, transaction) {
      const release = releaseOf(releases, state)
      const prepared = { transaction, id: ZERO_HASH, bytes: transactionBytes(transaction) }
      return executeTransaction(release.rules, sessionOn(release, state, tip), prepared)
    },
    quote(transaction, state = NO_ROWS) {
      const { rules } = releaseOf(releases, state)
      return quote(rules, openSession(rules.runtime, state, genesisContext()), transaction)
    },
    query(state, tip, { module, query, input }) {
      const release = releaseOf(releases, state)
      const { modules } = release.rules.runtime
      const used = modules.get(module)
      if (!used) throw kernelFail.UNKNOWN_MODULE({ module, known: [...modules.keys()] })
      const spec = used.spec.queries.get(query)
      if (!spec) throw kernelFail.UNKNOWN_QUERY({ module, query, known: [...used.spec.queries.keys()] })
      return spec.run(sessionOn(release, state, tip).contexts(module).hook, input as never)
    },
    brokenInvariants(state, tip) {
      const release = releaseOf(releases, state)
      const session = sessionOn(release, state, tip)
      return release.specs.flatMap((spec) =>
        spec.invariants
          .filter(({ holds }) => !holds(session.contexts(spec.name).hook, undefined as never))
          .map(({ sentence }) => `${spec.name}: ${sentence}`),
      )
    },
    release: (state) => releaseOf(releases, state).code,
    tipOf(store) {
      const tip = store.tip()
      if (!tip) return undefined
      return { ...tip, validators: validatorsIn(store) as ValidatorSet }
    },
  }
}
