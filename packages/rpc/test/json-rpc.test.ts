import { type Codec, type Json, option, struct, u8, unit } from '@mmtchain/codec'
import { ANSWER_BYTES_MAX, answer, type Method } from '@mmtchain/rpc'
import { expect, test } from 'vitest'

const faults: string[] = []
const double: Method = {
  params: struct({ n: u8, times: option(u8) }) as Codec<unknown>,
  run: (({ n, times }: { n: number; times: number | null }) => n * (times ?? 2)) as never,
}
const broken: Method = {
  params: struct({ n: u8 }) as Codec<unknown>,
  run: () => {
    throw new TypeError('a bug')
  },
}
const large: Method = { params: unit as Codec<unknown>, run: () => 'x'.repeat(ANSWER_BYTES_MAX / 2) }
const dispatch = {
  methods: new Map([
    ['double', double],
    ['broken', broken],
    ['large', large],
  ]),
  addressPrefix: 'mmt',
  onFault: (_: unknown, method: string) => void faults.push(method),
}
const ask = (message: unknown) => answer(dispatch, message)
const request = (more: object) => ({ jsonrpc: '2.0', id: 1, method: 'double', params: { n: 3 }, ...more })

test('a call with its id is answered with that id', async () => {
  expect(await ask(request({}))).toEqual({ jsonrpc: '2.0', id: 1, result: 6 })
  expect(await ask(request({ id: 'x', params: { n: 3, times: 5 } }))).toEqual({
    jsonrpc: '2.0',
    id: 'x',
    result: 15,
  })
  expect(await ask(request({ id: null }))).toMatchObject({ id: null, result: 6 })
})

test('a notification has no answer, alone or in a batch', async () => {
  const { id: _, ...notification } = request({})
  expect(await ask(notification)).toBeUndefined()
  expect(await ask([notification, notification])).toBeUndefined()
  expect(await ask([notification, request({})])).toEqual([{ jsonrpc: '2.0', id: 1, result: 6 }])
})

test('a message that is not JSON-RPC 2.0 is answered with −32600', async () => {
  const wrong = [
    1,
    null,
    'x',
    {},
    [],
    request({ jsonrpc: '1.0' }),
    request({ method: 7 }),
    request({ id: {} }),
    request({ params: 'x' }),
  ]
  for (const message of wrong) expect(await ask(message)).toMatchObject({ error: { code: -32600 } })
  expect(await ask([1, 2])).toMatchObject([{ error: { code: -32600 } }, { error: { code: -32600 } }])
  expect(await ask(Array.from({ length: 101 }, () => request({})))).toMatchObject({ error: { code: -32600 } })
})

test('an unknown method is −32601, a wrong parameter −32602 with its path, a bug −32603 and logged', async () => {
  expect(await ask(request({ method: 'nope' }))).toMatchObject({
    error: { code: -32601, data: { code: 'rpc/METHOD_NOT_FOUND' } },
  })
  const wrong = (await ask(request({ params: { n: 256 } }))) as { error: { code: number; message: string } }
  expect(wrong.error.code).toBe(-32602)
  expect(wrong.error.message).toContain('n: expected')
  expect(await ask(request({ params: { n: 1, more: 2 } }))).toMatchObject({ error: { code: -32602 } })
  const bug = (await ask(request({ method: 'broken', params: { n: 1 } }))) as { error: Json }
  expect(bug).toMatchObject({ error: { code: -32603, data: { code: 'rpc/INTERNAL' } } })
  expect(JSON.stringify(bug)).not.toContain('a bug')
  expect(faults).toContain('broken')
})

test('a batch whose answers grow too large is cut short, and says so', async () => {
  const answers = (await ask(
    Array.from({ length: 50 }, () => request({ method: 'large', params: {} })),
  )) as readonly Json[]
  expect(answers.length).toBeLessThan(5)
  expect(answers.at(-1)).toMatchObject({ id: null, error: { data: { code: 'rpc/ANSWER_TOO_LARGE' } } })
})
