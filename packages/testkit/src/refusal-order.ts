import type { Address } from '@mmtchain/primitives'
import type { Commands, Outcome, TestChain } from './test-chain.ts'

/** A command with all that can be wrong about it, and what cures each refusal in turn. */
export interface RefusalWalk {
  readonly command: string
  readonly by: Address
  readonly input: object
  /** What changes after each refusal: the sender, fields of the input, or something on the chain. */
  readonly cures: readonly {
    readonly by?: Address
    readonly input?: object
    readonly first?: () => unknown
  }[]
}

/**
 * Sends a command again after each cure, and gives the refusals that it met, without the name of the module. Everything that a later cure heals is wrong
 * from the beginning, so the list is the order in which the command refuses. Throws unless it goes through in the end, with no cure left over.
 */
export function refusalsOnTheWay<M>(
  on: TestChain<M>,
  module: string,
  { command, by, input, cures }: RefusalWalk,
): readonly string[] {
  const met: string[] = []
  let [sender, given] = [by, input]
  const send = () => {
    // Which commands a chain has is known to its type alone; here they come by name.
    const senders = on.as(sender) as unknown as Readonly<
      Record<string, Commands<Record<string, object>, Outcome>>
    >
    return senders[module]?.[command]?.(given)
  }
  for (const { by: next = sender, input: change, first } of cures) {
    const code = send()?.code
    if (code === undefined)
      throw new Error(`${command} went through after ${met.join(', ')}, before its last cure`)
    met.push(code.replace(`${module}/`, ''))
    first?.()
    sender = next
    given = { ...given, ...change }
  }
  const left = send()
  if (left?.code !== undefined) throw new Error(`${command} is refused at the end: ${left.refusal?.message}`)
  return met
}

/** What a README says that each command refuses, in order: of each table row that begins with commands, the codes in its last cell. */
export function refusalsInReadme(
  readme: string,
): readonly { readonly commands: readonly string[]; readonly codes: readonly string[] }[] {
  const quoted = (cell: string, pattern: RegExp) =>
    [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, word = '']) => (pattern.test(word) ? [word] : []))
  return readme.split('\n').flatMap((line) => {
    const cells = line.startsWith('| `') ? line.split('|').slice(1, -1) : []
    const codes = quoted(cells.at(-1) ?? '', /^[A-Z][A-Z_]+$/)
    return codes.length > 0 ? [{ commands: quoted(cells[0] ?? '', /^[a-z]\w*$/i), codes }] : []
  })
}
