import { expect, test } from 'vitest'
import { at, register, start, text } from './harbour.ts'

// What a command reads and writes is counted, hence exact: with many names it is what it is with few. MMT_SOAK_SCALE at 500 makes 100,000.
const MANY = 200 * Math.ceil(Number(process.env.MMT_SOAK_SCALE ?? '1'))
const BLOCK = 250

test(`a command visits as many rows with ${MANY} names as with ten`, () => {
  const on = start()
  const lab = at('lab')
  register(on, lab, 'lab', 10)
  const call = (command: string, input: object) => ({ sender: lab, module: 'names', command, input })
  const below = (n: number) => call('createSubname', { name: `n${n}.lab`, owner: lab })
  const rows = () => {
    const commands = [
      ...[below(MANY + 1), call('removeSubname', { name: 'n1.lab' })],
      ...[call('setRecord', { name: 'n1.lab', record: text('motd', 'hello') })],
      call('transfer', { name: 'lab', to: at('port') }),
    ]
    return commands.map((one) => [one.command, on.rows(one)])
  }
  on.block(Array.from({ length: 10 }, (_, n) => below(n)))
  const few = rows()
  for (let n = 10; n < MANY; n += BLOCK)
    on.block(Array.from({ length: Math.min(BLOCK, MANY - n) }, (_, i) => below(n + i)))
  expect(on.read.names.name({ name: `n${MANY - 1}.lab` })?.owner).toBe(lab)
  expect(rows()).toEqual(few)
})
