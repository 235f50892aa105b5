import { CONTRACT_BYTES, rowBytes } from './deposits.ts'
import type { ContractsRead } from './nouns.ts'

/** What holds after every block. */
export const invariants: readonly {
  readonly sentence: string
  readonly holds: (ctx: ContractsRead) => boolean
}[] = [
  {
    sentence: 'the module’s account holds every deposit and what is held for planned calls',
    holds(ctx) {
      let held = 0n
      for (const [, { deposit }] of ctx.state.codes.entries()) held += deposit
      for (const [, { deposit }] of ctx.state.kept.entries()) held += deposit
      for (const [, plan] of ctx.state.plans.entries()) held += plan.deposit + plan.held * BigInt(plan.runs)
      return ctx.needs.token.balance(ctx.self) >= held
    },
  },
  {
    sentence:
      'each contract keeps as many bytes as its rows have, and for it is held what they and it give back, to the unit',
    holds({ state }) {
      const rest = new Map<string, { bytes: bigint; deposit: bigint }>()
      for (const [contract] of state.contracts.entries()) rest.set(contract, { ...state.kept.get(contract) })
      if ([...state.kept.entries()].length !== rest.size) return false
      for (const [[contract, key], { price, value }] of state.rows.entries()) {
        const left = rest.get(contract)
        if (!left) return false
        left.bytes -= rowBytes(key, value)
        left.deposit -= rowBytes(key, value) * price
      }
      // What is left is the contract's own, at a price of its own.
      return [...rest.values()].every(
        ({ bytes, deposit }) => bytes === CONTRACT_BYTES && deposit >= 0n && deposit % CONTRACT_BYTES === 0n,
      )
    },
  },
  {
    sentence: 'each code is stored once and knows how many contracts run it',
    holds({ state }) {
      const uses = new Map<string, number>()
      for (const [, { code }] of state.contracts.entries()) uses.set(code, (uses.get(code) ?? 0) + 1)
      for (const [code, found] of state.codes.entries())
        if (found.uses !== (uses.get(code) ?? 0) || !state.programs.has(code)) return false
      return [...uses.keys()].every((code) => state.codes.has(code as never))
    },
  },
  {
    sentence:
      'each due run is counted in its plan, and a plan has a place for its event while runs of it are left that are not due',
    holds({ state }) {
      const due = new Map<bigint, number>()
      for (const [, { plan }] of state.due.entries()) due.set(plan, (due.get(plan) ?? 0) + 1)
      for (const [id, { occasion, ...plan }] of state.plans.entries()) {
        if (plan.due !== (due.get(id) ?? 0) || plan.due > plan.runs || plan.runs === 0) return false
        due.delete(id)
        const { kind, value } = occasion
        if (kind === 'on' && state.triggers.has([value.source, value.event, id]) !== plan.due < plan.runs)
          return false
      }
      const places = [...state.triggers.entries()]
      return due.size === 0 && places.every(([[, , plan]]) => state.plans.has(plan))
    },
  },
]
