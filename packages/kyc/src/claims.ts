// What registrars say of holders: attested, renewed, revoked, erased; and who is on the sanctions list.
import type { Infer } from '@mmtchain/codec'
import type { Address, Hash } from '@mmtchain/primitives'
import type { claim, KycCommand, KycContext, reason } from './nouns.ts'
import { LEVEL_MAX } from './rules.ts'
import { isListed } from './standing.ts'

export type Claim = Infer<typeof claim>
export type Reason = Infer<typeof reason>
const VALID = { kind: 'valid', value: null } as const

interface Attesting {
  readonly holder: Address
  readonly level: number
  readonly digest: Hash
  readonly person: Hash
  readonly untilMs: bigint
}

/** The sender, a registrar, says what level a holder has. It takes the place of what it said before. */
export function attest(ctx: KycCommand, { holder, level, digest, person, untilMs }: Attesting): undefined {
  const { state, fail, emit, sender: registrar, block } = ctx
  checkRegistrar(ctx, registrar)
  if (level < 1 || level > LEVEL_MAX) throw fail.BAD_LEVEL({ level, max: LEVEL_MAX })
  checkValidity(ctx, untilMs)
  const before = state.claims.get([holder, registrar])
  checkNotAsked(ctx, holder, before)
  // A listed person does not get rid of its listing by a claim on somebody else.
  for (const one of [before?.person, person])
    if (one && isListed(ctx, one)) throw fail.PERSON_LISTED({ person: one })
  state.claims.set([holder, registrar], {
    ...{ level, digest, person, attestedMs: block.timeMs, untilMs, renewals: 0 },
    ...{ status: VALID, erasureAskedMs: null },
  })
  emit.attested({ holder, registrar, level, untilMs })
}

/** A claim goes on being valid, also one that has run out. */
export function renew(
  ctx: KycCommand,
  { holder, untilMs }: { readonly holder: Address; readonly untilMs: bigint },
): undefined {
  const { state, fail, emit, sender: registrar } = ctx
  checkRegistrar(ctx, registrar)
  const found = known(ctx, holder, registrar)
  checkNotAsked(ctx, holder, found)
  checkValidity(ctx, untilMs)
  if (found.person && isListed(ctx, found.person)) throw fail.PERSON_LISTED({ person: found.person })
  state.claims.set([holder, registrar], { ...found, untilMs, renewals: found.renewals + 1 })
  emit.renewed({ holder, registrar, untilMs })
}

export function revoke(
  ctx: KycCommand,
  given: { readonly holder: Address; readonly reason: Reason },
): undefined {
  const { sender: registrar } = ctx
  const { holder } = given
  checkRegistrar(ctx, registrar)
  const found = known(ctx, holder, registrar)
  const status = { kind: 'revoked', value: given.reason } as const
  ctx.state.claims.set([holder, registrar], { ...found, status })
  ctx.emit.revoked({ holder, registrar, reason: given.reason })
}

/** A person is on the list from now on, whatever accounts it has or gets. */
export function list(ctx: KycCommand, { person }: { readonly person: Hash }): undefined {
  const { sender: registrar, state, fail } = ctx
  checkRegistrar(ctx, registrar)
  if (state.listings.has([person, registrar])) throw fail.PERSON_LISTED({ person })
  state.listings.set([person, registrar], { sinceMs: ctx.block.timeMs })
  ctx.emit.listed({ person, registrar })
}

export function lift(ctx: KycCommand, { person }: { readonly person: Hash }): undefined {
  const { sender: registrar, state, fail } = ctx
  checkRegistrar(ctx, registrar)
  if (!state.listings.has([person, registrar])) throw fail.NOT_LISTED({ person })
  state.listings.delete([person, registrar])
  ctx.emit.lifted({ person, registrar })
}

/** The sender, a holder, asks a registrar to erase what it has of it. The claim counts until then. */
export function askErasure(ctx: KycCommand, { registrar }: { readonly registrar: Address }): undefined {
  const { sender: holder, state, fail, emit, block } = ctx
  const found = state.claims.get([holder, registrar])
  if (!found || found.status.kind === 'erased') throw fail.NO_CLAIM({ holder, registrar })
  checkNotAsked(ctx, holder, found)
  state.claims.set([holder, registrar], { ...found, erasureAskedMs: block.timeMs })
  emit.erasureAsked({ holder, registrar })
}

/** The registrar has destroyed salt, key and data: the commitments go, and the hash of its signed receipt stays. */
export function erase(
  ctx: KycCommand,
  { holder, receipt }: { readonly holder: Address; readonly receipt: Hash },
): undefined {
  const { sender: registrar, state, fail, emit } = ctx
  checkRegistrar(ctx, registrar)
  const found = state.claims.get([holder, registrar])
  if (!found || found.status.kind === 'erased') throw fail.NO_CLAIM({ holder, registrar })
  if (found.erasureAskedMs === null) throw fail.ERASURE_NOT_ASKED({ holder })
  if (found.person && isListed(ctx, found.person)) throw fail.PERSON_LISTED({ person: found.person })
  const status = { kind: 'erased', value: receipt } as const
  state.claims.set([holder, registrar], { ...found, digest: null, person: null, status })
  emit.erased({ holder, registrar, receipt })
}

/** The registrar commits to a Bitstring status list of its credentials. */
export function publishStatusList(
  ctx: KycCommand,
  { list: number, digest }: { readonly list: number; readonly digest: Hash },
): undefined {
  const { sender: registrar, state, block } = ctx
  checkRegistrar(ctx, registrar)
  const key = [registrar, number] as const
  const before = state.statusLists.get(key)
  state.statusLists.set(key, { digest, number: (before?.number ?? 0n) + 1n, timeMs: block.timeMs })
  ctx.emit.statusListPublished({ registrar, list: number, digest })
}

export function checkRegistrar({ params, fail }: KycContext, who: Address): void {
  if (!params.registrars.includes(who)) throw fail.NOT_A_REGISTRAR({ who })
}

/** A claim that is neither revoked nor erased. Throws `kyc/NO_CLAIM`. */
function known({ state, fail }: KycContext, holder: Address, registrar: Address): Claim {
  const found = state.claims.get([holder, registrar])
  if (found?.status.kind !== 'valid') throw fail.NO_CLAIM({ holder, registrar })
  return found
}

function checkNotAsked({ fail }: KycContext, holder: Address, claim: Claim | undefined): void {
  if (claim && claim.status.kind !== 'erased' && claim.erasureAskedMs !== null)
    throw fail.ERASURE_ASKED({ holder })
}

function checkValidity({ block, params, fail }: KycContext, untilMs: bigint): void {
  const { timeMs: nowMs } = block
  const maxMs = nowMs + params.validityMs
  if (untilMs <= nowMs || untilMs > maxMs) throw fail.BAD_VALIDITY({ untilMs, nowMs, maxMs })
}
