import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inPlace, mmt, type Place, pnpmStart, type RunningChain, root } from './chain-process.ts'

let place: Place
let chain: RunningChain

inPlace((made) => {
  place = made
})

/** The commands of a README's ```sh blocks, with what they say is printed or refused. */
function commandsOf(readme: string): {
  readonly line: string
  readonly words: string[]
  readonly prints?: string
  readonly refuses?: string
}[] {
  const text = readFileSync(join(root, readme), 'utf8')
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block as string)
  return blocks
    .flatMap((block) => block.split('\n'))
    .filter((line) => line.startsWith('pnpm mmt '))
    .map((line) => {
      const [command = '', comment = ''] = line.split(/\s+# /)
      const [, prints] = /^prints: (.*)$/.exec(comment) ?? []
      const [, refuses] = /^refuses: (.*)$/.exec(comment) ?? []
      const words = command.split(' ').slice(2)
      return {
        line,
        words,
        ...(prints !== undefined && { prints }),
        ...(refuses !== undefined && { refuses }),
      }
    })
}

test('the README’s walk-through does what it says, also across a stop and a start', {
  timeout: 900_000,
}, async () => {
  const commands = commandsOf('README.md')
  expect(commands.length).toBeGreaterThanOrEqual(11)

  chain = pnpmStart(place)
  await chain.printed(/http:\/\/127\.0\.0\.1:\d+\/rpc/)
  await chain.printed(/^height 1 is final on \d of 4 nodes$/m)

  const restartBefore = commands.findLastIndex(
    ({ words }) => words.join(' ') === 'query token balance --owner ben',
  )
  for (const [i, { line, words, prints, refuses }] of commands.entries()) {
    if (i === restartBefore) {
      expect(await chain.end('SIGINT')).toBe(0)
      const [, stoppedAt] = /stopped at height (\d+)/.exec(chain.out()) ?? []
      chain = pnpmStart(place)
      const [, height] = await chain.printed(/^height (\d+) /m)
      expect(Number(height)).toBeGreaterThanOrEqual(Number(stoppedAt) - 1)
      await chain.printed(new RegExp(`^height ${Number(stoppedAt) + 2} `, 'm'))
    }
    const { code, out, err } = await mmt(place, words)
    if (refuses) {
      expect(err, line).toContain(refuses)
      expect(code, line).not.toBe(0)
    } else {
      expect(code, `${line}\n${err}`).toBe(0)
      if (prints) expect(out, line).toContain(prints)
    }
  }
})

test('both READMEs have the same walk-through', () => {
  const lines = (readme: string) => commandsOf(readme).map(({ line }) => line)
  expect(lines('README.zh-CN.md')).toEqual(lines('README.md'))
})
