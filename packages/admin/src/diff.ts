// What a change changes, line by line, for people: before → after.
import { decode, type Json, toJson } from '@mmtchain/codec'
import { type Address, isChainError, toHex, utf8 } from '@mmtchain/primitives'
import { shown } from './audit.ts'
import type { Admission, Change } from './change.ts'
import { type AdminReader, DIFF_LINES_MAX, DIFF_TEXT_BYTES_MAX } from './nouns.ts'
import { isFrozen } from './organisations.ts'
import { holds } from './roles.ts'

export interface DiffLine {
  readonly what: string
  readonly before: string
  readonly after: string
}

const NOTHING = '-'
const WHAT_BYTES_MAX = 160

/** The lines of a change as the state is now, at most 80. */
export function diffOf(ctx: AdminReader, change: Change): readonly DiffLine[] {
  const lines = linesOf(ctx, change)
  const kept = lines.length > DIFF_LINES_MAX ? lines.slice(0, DIFF_LINES_MAX - 1) : lines
  const more = lines.length - kept.length
  const all = more > 0 ? [...kept, { what: `and ${more} more`, before: '…', after: '…' }] : kept
  return all.map(({ what, before, after }) => ({
    what: clipped(what, WHAT_BYTES_MAX),
    before: clipped(before, DIFF_TEXT_BYTES_MAX),
    after: clipped(after, DIFF_TEXT_BYTES_MAX),
  }))
}

function linesOf(ctx: AdminReader, { kind, value }: Change): readonly DiffLine[] {
  const { state, needs } = ctx
  switch (kind) {
    case 'parameter': {
      const before = parameterAsJson(ctx, value, needs.kernel.parameter(value))
      return leaves(`${value.module}.${value.name}`, before, parameterAsJson(ctx, value, value.value))
    }
    case 'role':
      return roleLines(ctx, value)
    case 'grantRole':
    case 'revokeRole': {
      const before = holds(ctx, value.who, value.role) ? 'held' : NOTHING
      const after = kind === 'grantRole' ? 'held' : NOTHING
      return [{ what: `role ${value.role} of ${shown(ctx, value.who)}`, before, after }]
    }
    case 'validators':
      return validatorLines(ctx, value)
    case 'upgrade': {
      const told = (one: typeof value) =>
        one ? `release ${one.release} from height ${one.height} on` : NOTHING
      return [{ what: 'upgrade', before: told(needs.kernel.upgrade()), after: told(value) }]
    }
    case 'freezeAccount': {
      const before = frozenOrFree(isFrozen(ctx, value.account))
      return [{ what: `account ${shown(ctx, value.account)}`, before, after: frozenOrFree(value.frozen) }]
    }
    case 'freezeModule': {
      const before = frozenOrFree(state.frozenModules.has(value.module))
      return [{ what: `module ${value.module}`, before, after: frozenOrFree(value.frozen) }]
    }
    case 'admit':
      return [
        {
          what: `organisation ${value.id}`,
          before: told(ctx, state.organisations.get(value.id)),
          after: told(ctx, value),
        },
      ]
    case 'exclude':
      return [
        {
          what: `organisation ${value.id}`,
          before: told(ctx, state.organisations.get(value.id)),
          after: NOTHING,
        },
      ]
    case 'text':
      return [{ what: 'text', before: NOTHING, after: value }]
  }
}

const frozenOrFree = (frozen: boolean) => (frozen ? 'frozen' : 'free')

function told(
  ctx: AdminReader,
  one: Pick<Admission, 'name' | 'approvers' | 'approvalsNeeded'> | undefined,
): string {
  if (!one) return NOTHING
  const approvers = one.approvers.map((who) => shown(ctx, who)).join(', ')
  return `${one.name}: ${one.approvalsNeeded} of ${approvers}`
}

function parameterAsJson(
  { chain }: AdminReader,
  { module, name }: { readonly module: string; readonly name: string },
  value: Uint8Array | undefined,
): Json {
  const found = chain.governable.get(`${module}.${name}`)
  if (!found || !value) return null
  try {
    return toJson(found.codec, decode(found.codec, value), chain)
  } catch (error) {
    // A release in between may have given the parameter another type. No diff may stop a block.
    if (!isChainError(error)) throw error
    return 'unreadable'
  }
}

/** One line for every part that differs, named by its path; parts of lists are not told apart. */
function leaves(path: string, before: Json, after: Json): readonly DiffLine[] {
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
    return names.flatMap((name) => leaves(`${path}.${name}`, before[name] ?? null, after[name] ?? null))
  }
  const texts = [before, after].map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
  const [was = '', will = ''] = texts
  return was === will ? [] : [{ what: path, before: was, after: will }]
}

function isRecord(json: Json): json is { readonly [name: string]: Json } {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

/** Who may send each command that the role touches, and who may grant it. */
function roleLines(
  { state }: AdminReader,
  next: Extract<Change, { readonly kind: 'role' }>['value'],
): readonly DiffLine[] {
  const now = state.roles.get(next.role)
  const named = (one: { readonly module: string; readonly command: string }) => `${one.module}.${one.command}`
  const touched = new Map([...(now?.commands ?? []), ...next.commands].map((one) => [named(one), one]))
  const permitted = new Set(next.commands.map(named))
  const who = (roles: readonly string[]) =>
    roles.length > 0 ? `role ${[...roles].sort().join(' or ')}` : 'everybody'
  const commands = [...touched.keys()].sort().map((what) => {
    const { module, command } = touched.get(what) as { readonly module: string; readonly command: string }
    const before = state.gates.get([module, command]) ?? []
    const others = before.filter((role) => role !== next.role)
    return { what, before: who(before), after: who(permitted.has(what) ? [...others, next.role] : others) }
  })
  const grantors = (all: readonly string[] | undefined) => (all && all.length > 0 ? all.join(', ') : NOTHING)
  const granted = {
    what: `grantors of ${next.role}`,
    before: grantors(now?.grantors),
    after: grantors(next.grantors),
  }
  return [...commands, granted].filter(({ before, after }) => before !== after)
}

function validatorLines(
  ctx: AdminReader,
  { join, leave }: Extract<Change, { readonly kind: 'validators' }>['value'],
): readonly DiffLine[] {
  if (!ctx.params.validators) return []
  const now = ctx.needs.validators.next()
  const keyOf = (who: Address) => {
    const found = now.find((one) => one.address === who)
    return found ? keyText(found.key) : NOTHING
  }
  const joining = new Map(join.map(({ validator }) => [validator.address, keyText(validator.key)]))
  const everybody = [...new Set([...leave, ...joining.keys()])].sort()
  const size = now.length + [...joining.keys()].filter((who) => keyOf(who) === NOTHING).length
  const gone = leave.filter((who) => keyOf(who) !== NOTHING && !joining.has(who)).length
  const tolerated = (seats: number) => String(Math.max(0, Math.floor((seats - 1) / 3)))
  const sizes = [
    { what: 'validators', before: String(now.length), after: String(size - gone) },
    { what: 'validators that may be down', before: tolerated(now.length), after: tolerated(size - gone) },
  ]
  const people = everybody.map((who) => {
    const what = `validator ${shown(ctx, who)}`
    return { what, before: keyOf(who), after: joining.get(who) ?? NOTHING }
  })
  return [...people, ...sizes]

  function keyText({ suite, key }: { readonly suite: number; readonly key: Uint8Array }): string {
    return `${ctx.chain.suites.get(suite)?.name ?? suite} key ${toHex(key.subarray(0, 33))}${key.length > 33 ? '…' : ''}`
  }
}

/** At most so many bytes of a text; what is cut ends with an ellipsis. */
function clipped(text: string, bytesMax: number): string {
  if (utf8(text).length <= bytesMax) return text
  // Three bytes are the most of one unit of UTF-16.
  const cut = text.slice(0, Math.floor((bytesMax - 3) / 3))
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}
