// The ```ts blocks of a README as TypeScript files that exist only for the compiler.
//
// Each block is a module of its own. A block that begins with `// @filename: chain.ts` can be imported by other blocks
// of the same README as './chain.ts'. The fence is exactly ```ts: there is no way to leave a block out.
import { posix } from 'node:path'
import type { TextFile } from './workspace.ts'

/** One block: its virtual path, its text, and the line of the README before its first line. */
export interface Block {
  readonly path: string
  readonly text: string
  readonly readme: string
  readonly lineBefore: number
}

const filename = /^\/\/ @filename: (\S+\.tsx?)$/

export function blocksOf({ path, text }: TextFile): {
  readonly blocks: Block[]
  readonly problems: string[]
} {
  const blocks: Block[] = []
  const problems: string[] = []
  const lines = text.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const fence = /^(\s*)(`{3,}|~{3,})\s*(.*)$/.exec(lines[at] ?? '')
    if (fence === null) continue
    const [, indent = '', ticks = '', info = ''] = fence
    let end = at + 1
    while (end < lines.length && !(lines[end] ?? '').trim().startsWith(ticks)) end++
    if (/^(ts|tsx|typescript|mts)\b/i.test(info) && info !== 'ts') {
      problems.push(`${path}:${at + 1} opens a block with "${info}", not with "ts"`)
    }
    if (info === 'ts') {
      const body = lines
        .slice(at + 1, end)
        .map((line) => line.slice(Math.min(indent.length, line.search(/\S|$/))))
      const name = filename.exec(body[0] ?? '')?.[1] ?? `block-at-line-${at + 2}.ts`
      const block = {
        path: posix.join(posix.dirname(path), `.${posix.basename(path)}`, name),
        text: body.join('\n'),
        readme: path,
        lineBefore: at + 1,
      }
      if (blocks.some((other) => other.path === block.path))
        problems.push(`${path}:${at + 2} names ${name} again`)
      blocks.push(block)
    }
    at = end
  }
  return { blocks, problems }
}
