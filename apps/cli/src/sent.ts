import type { DescribedChain, Sent } from '@mmtchain/client'
import type { Json } from '@mmtchain/codec'
import type { CommonOptions } from './context.ts'
import { showAmount, showValue, type Unit, unitOf } from './fields.ts'
import { say } from './language.ts'
import { look, print, rows } from './output.ts'

/** What became of a transaction. */
export function printSent(options: CommonOptions, chain: DescribedChain, sent: Sent): void {
  const unit = unitOf(chain)
  const { id, fee, final, events } = sent
  const height = sent.height?.toString() ?? null
  const done =
    height === null
      ? say('tx.submitted')
      : final
        ? say('tx.final', { height })
        : say('tx.included', { height })
  print(options, { id, fee: fee.toString(), height, final, events }, [
    look(done, 'good'),
    ...rows([
      [say('row.id'), id],
      [say('row.fee'), showAmount(fee, unit)],
      ...events.map((event) => eventRow(chain, event, unit)),
    ]),
  ])
}

function eventRow(
  chain: DescribedChain,
  event: { readonly module: string; readonly name: string; readonly data: Json },
  unit: Unit,
): readonly [string, string] {
  const schema = chain.module(event.module).events.find(({ name }) => name === event.name)?.data
  const properties = Object(schema?.properties) as Record<string, { readonly 'x-bcs'?: string }>
  const fields = Object.entries(Object(event.data) as Record<string, Json>).map(
    ([name, value]) =>
      `${name} ${properties[name] ? showValue(properties[name], value, unit) : JSON.stringify(value)}`,
  )
  return [say('row.event'), `${event.module}.${event.name}: ${fields.join(', ')}`]
}
