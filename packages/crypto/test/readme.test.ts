import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('..', import.meta.url))

test('the example of the README runs and says what it claims', async () => {
  const readme = readFileSync(`${folder}README.md`, 'utf8')
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(readme) ?? []
  const claims = [...example.matchAll(/^(.*\S) +\/\/ (.*)$/gm)]
  expect(claims.length).toBeGreaterThan(2)
  const lines = claims.reduce(
    (text, [line, code, want]) => text.replace(line, `claim(${code}, ${want})`),
    example,
  )
  const { outputFiles } = await build({
    stdin: {
      contents: `${lines}\nfunction claim(a, b) { found.push([a, b]) }`,
      resolveDir: folder,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    banner: { js: 'export const found = []' },
  })
  const code = Buffer.from(outputFiles[0]?.contents ?? []).toString('base64')
  const { found } = (await import(`data:text/javascript;base64,${code}`)) as { found: [unknown, unknown][] }
  expect(found).toHaveLength(claims.length)
  for (const [is, claimed] of found) expect(is).toEqual(claimed)
})
