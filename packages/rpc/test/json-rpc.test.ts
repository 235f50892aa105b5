import { type Json, list, option, struct, u8, unit } from '@mmtchain/codec'
import { answer, type Dispatch, type Method, type Role, RPC_LIMITS_DEFAULT, type Sender } from '@mmtchain/rpc'
import { expect, test } from 'vitest'

// 1. A few methods, without a node.

const faults: string[] = []
const row = (
  name: string,
  params: Method['params'],
  run: (params: never) => Json | Promise<Json>,
  role: Role = 'read',
) => ({
  ...{ name, summary: name, role, params, run: run as Method['run'] },
  result: {},
})
const limits = { ...RPC_LIMITS_DEFAULT, answerBytesMax: 1_000, requestTimeoutMs: 50, nestingMax: 8 }
const submitted: number[] = []
const rows = [
  row(
    'double',
    struct({ n: u8, times: option(u8) }),
    ({ n, times }: { n: number; times: number | null }) => n * (times ?? 2),
  ),
  row('broken', struct({ n: u8 }), () => {
    throw new TypeError('a bug')
  }),
  row('large', unit, () => 'x'.repeat(limits.answerBytesMax / 2)),
  row('huge', unit, () => 'x'.repeat(limits.answerBytesMax)),
  row('silent', unit, () => new Promise<Json>(() => undefined)),
  row('operate', unit, () => true, 'admin'),
  row('submit', struct({ n: u8 }), async ({ n }: { n: number }) => submitted.push(n), 'submit'),
  // Those of the specification's examples.
  row(
    'subtract',
    struct({ minuend: u8, subtrahend: u8 }),
    ({ minuend, subtrahend }: Record<string, number>) => (minuend ?? 0) - (subtrahend ?? 0),
  ),
  row(
    'sum',
    struct({ a: u8, b: u8, c: u8 }),
    ({ a, b, c }: Record<string, number>) => (a ?? 0) + (b ?? 0) + (c ?? 0),
  ),
  row('get_data', unit, () => ['hello', 5]),
  row('update', struct({ a: u8, b: u8, c: u8, d: u8, e: u8 }), () => null),
  row('notify_hello', struct({ n: u8 }), () => null),
  row('total', list(u8, { max: 9 }), (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0)),
] as Method[]
const dispatch: Dispatch = {
  methods: new Map(rows.map((one) => [one.name, one])),
  addressPrefix: 'mmt',
  limits,
  onFault: (_, method) => void faults.push(method),
}
const sender: Sender = {
  roles: new Set<Role>(['read', 'submit']),
  count: () => undefined,
  tired: () => undefined,
  spend: () => undefined,
  hold: () => undefined,
  isGone: () => false,
}
/** Sends text as it is, anything else as JSON. */
async function ask(message: unknown, from = sender): Promise<unknown> {
  const text = await answer(dispatch, from, typeof message === 'string' ? message : JSON.stringify(message))
  return text === undefined ? undefined : JSON.parse(text)
}
const request = (more: object) => ({ jsonrpc: '2.0', id: 1, method: 'double', params: { n: 3 }, ...more })

// 2. The examples of the specification (jsonrpc.org/specification, section 7), to the letter. Errors have `data` besides.

const examples: readonly (readonly [what: string, sent: string, answered: string | undefined])[] = [
  [
    'positional parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
    '{"jsonrpc": "2.0", "result": 19, "id": 1}',
  ],
  [
    'named parameters',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
    '{"jsonrpc": "2.0", "result": 19, "id": 3}',
  ],
  [
    'named parameters in another order',
    '{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
    '{"jsonrpc": "2.0", "result": 19, "id": 4}',
  ],
  ['a notification', '{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', undefined],
  ['a notification of an unknown method', '{"jsonrpc": "2.0", "method": "foobar"}', undefined],
  [
    'an unknown method',
    '{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
    '{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}',
  ],
  [
    'invalid JSON',
    '{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]',
    '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}',
  ],
  [
    'an invalid request',
    '{"jsonrpc": "2.0", "method": 1, "params": "bar"}',
    '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}',
  ],
  [
    'a batch of invalid JSON',
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method"]',
    '{"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": null}',
  ],
  [
    'an empty array',
    '[]',
    '{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}',
  ],
  [
    'an invalid batch that is not empty',
    '[1]',
    '[{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}]',
  ],
  [
    'an invalid batch',
    '[1,2,3]',
    '[{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null}]',
  ],
  [
    'a batch',
    '[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},{"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},{"foo": "boo"},{"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},{"jsonrpc": "2.0", "method": "get_data", "id": "9"}]',
    '[{"jsonrpc": "2.0", "result": 7, "id": "1"},{"jsonrpc": "2.0", "result": 19, "id": "2"},{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": null},{"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "5"},{"jsonrpc": "2.0", "result": ["hello", 5], "id": "9"}]',
  ],
  [
    'a batch of notifications',
    '[{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},{"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]',
    undefined,
  ],
]

test.each(examples)('the example of the specification: %s', async (_, sent, answered) => {
  const got = await ask(sent)
  expect(without(got, 'data')).toEqual(answered === undefined ? undefined : JSON.parse(answered))
})

function without(value: unknown, member: string): unknown {
  if (value === undefined) return undefined
  return JSON.parse(JSON.stringify(value, (name, part) => (name === member ? undefined : part)))
}

// 3. What the specification says besides.

test('a call with its id is answered with that id', async () => {
  expect(await ask(request({}))).toEqual({ jsonrpc: '2.0', id: 1, result: 6 })
  const named = await ask(request({ id: 'x', params: { n: 3, times: 5 } }))
  expect(named).toEqual({ jsonrpc: '2.0', id: 'x', result: 15 })
  expect(await ask(request({ id: null }))).toMatchObject({ id: null, result: 6 })
})

test('parameters by position stand in the declared order, and those at the end that are options may be missing', async () => {
  expect(await ask(request({ params: [3] }))).toMatchObject({ result: 6 })
  expect(await ask(request({ params: [3, null] }))).toMatchObject({ result: 6 })
  expect(await ask(request({ params: [3, 5] }))).toMatchObject({ result: 15 })
  expect(await ask(request({ params: [3, 5, 7] }))).toMatchObject({
    error: { code: -32602, data: { code: 'rpc/TOO_MANY_PARAMS', values: { max: 2, got: 3 } } },
  })
  expect(await ask(request({ params: [] }))).toMatchObject({
    error: { code: -32602, message: expect.stringContaining('n: ') },
  })
})

test('parameters may be left out, empty or null where there are none', async () => {
  for (const params of [undefined, null, {}, []])
    expect(await ask(request({ method: 'get_data', params }))).toMatchObject({ result: ['hello', 5] })
  for (const params of [{ n: 1 }, [1]])
    expect(await ask(request({ method: 'get_data', params }))).toMatchObject({ error: { code: -32602 } })
})

test('an input that is no struct is one parameter, named input', async () => {
  expect(await ask(request({ method: 'total', params: { input: [1, 2] } }))).toMatchObject({ result: 3 })
  expect(await ask(request({ method: 'total', params: [[1, 2]] }))).toMatchObject({ result: 3 })
  for (const params of [[1, 2], { input: [1], more: 2 }, {}, { numbers: [1] }])
    expect(await ask(request({ method: 'total', params }))).toMatchObject({ error: { code: -32602 } })
})

test('a message that is not JSON-RPC 2.0 is answered with −32600, and says what is wrong', async () => {
  const wrong = [
    1,
    null,
    '"x"',
    {},
    [],
    [[]],
    request({ jsonrpc: '1.0' }),
    request({ method: 7 }),
    request({ id: {} }),
    request({ params: 'x' }),
  ]
  for (const message of wrong.filter((one) => !Array.isArray(one) || one.length === 0))
    expect(await ask(message)).toMatchObject({
      error: { code: -32600, data: { code: 'rpc/INVALID_REQUEST' } },
    })
  // A number that JSON cannot give back is no id, and is not answered as if it were null.
  expect(await ask('{"jsonrpc":"2.0","id":1e400,"method":"double","params":{"n":3}}')).toMatchObject({
    id: null,
    error: { code: -32600, data: { hint: expect.anything() } },
  })
  expect(await ask([[]])).toMatchObject([{ error: { code: -32600 } }])
  expect(await ask(Array.from({ length: 101 }, () => request({})))).toMatchObject({
    error: { code: -32600, data: { hint: expect.stringContaining('1 to 100') } },
  })
})

test('an unknown method is −32601, a wrong parameter −32602 with its path, a bug −32603 and logged', async () => {
  expect(await ask(request({ method: 'nope' }))).toMatchObject({
    error: { code: -32601, data: { code: 'rpc/METHOD_NOT_FOUND', values: { method: 'nope' } } },
  })
  expect(await ask(request({ params: { n: 256 } }))).toMatchObject({
    error: { code: -32602, message: expect.stringContaining('n: expected') },
  })
  expect(await ask(request({ params: { n: 1, more: 2 } }))).toMatchObject({ error: { code: -32602 } })
  const bug = await ask(request({ method: 'broken', params: { n: 1 } }))
  expect(bug).toMatchObject({ error: { code: -32603, data: { code: 'rpc/INTERNAL' } } })
  expect(JSON.stringify(bug)).not.toContain('a bug')
  expect(faults).toContain('broken')
})

// 4. Bounds.

test('JSON that is nested too deeply is refused before it is parsed, and brackets in texts do not count', async () => {
  const nested = (depth: number) =>
    request({ method: 'get_data', params: JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) })
  expect(await ask(nested(8))).toMatchObject({
    error: { data: { hint: expect.stringContaining('nested deeper than 8') } },
  })
  expect(await ask(nested(7))).toMatchObject({ error: { code: -32602 } })
  expect(await ask('['.repeat(5_000_000))).toMatchObject({
    error: { data: { hint: expect.stringContaining('nested') } },
  })
  expect(await ask(request({ id: '[[[[[[[[[[\\"[[[[' }))).toMatchObject({ result: 6 })
})

test('an answer that is too large is refused; of a batch every call is still answered', async () => {
  expect(await ask(request({ method: 'huge', params: {} }))).toMatchObject({
    error: { data: { code: 'rpc/ANSWER_TOO_LARGE' } },
  })
  const calls = Array.from({ length: 6 }, (_, id) => request({ id, method: 'large', params: {} }))
  const answers = (await ask(calls)) as { id: number; result?: unknown; error?: { data: { code: string } } }[]
  expect(answers.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5])
  expect(answers.filter(({ result }) => result !== undefined).length).toBe(2)
  expect(answers.at(-1)?.error?.data.code).toBe('rpc/ANSWER_TOO_LARGE')
})

test('what is not there in time is refused, alone and for the rest of a batch', async () => {
  expect(await ask(request({ method: 'silent', params: {} }))).toMatchObject({
    error: { data: { code: 'rpc/TIMEOUT' } },
  })
  const batch = [request({ id: 1, method: 'silent', params: {} }), request({ id: 2 })]
  expect(await ask(batch)).toMatchObject([
    { id: 1, error: { data: { code: 'rpc/TIMEOUT' } } },
    { id: 2, error: { data: { code: 'rpc/TIMEOUT' } } },
  ])
})

test('a caller without the role is refused by its name, and runs nothing', async () => {
  expect(await ask(request({ method: 'operate', params: {} }))).toMatchObject({
    error: { data: { code: 'rpc/ROLE_NEEDED', values: { role: 'admin' } } },
  })
  const reader = { ...sender, roles: new Set<Role>(['read']) }
  const before = submitted.length
  expect(await ask(request({ method: 'submit', params: { n: 1 } }), reader)).toMatchObject({
    error: { data: { code: 'rpc/ROLE_NEEDED', values: { role: 'submit' } } },
  })
  expect(submitted.length).toBe(before)
})

test('submissions of a batch start in its order and are answered in it', async () => {
  submitted.length = 0
  const batch = [5, 6, 7].map((n) => request({ id: n, method: 'submit', params: { n } }))
  expect(await ask([...batch, request({ id: 8 }), ...batch])).toEqual([
    { jsonrpc: '2.0', id: 5, result: 1 },
    { jsonrpc: '2.0', id: 6, result: 2 },
    { jsonrpc: '2.0', id: 7, result: 3 },
    { jsonrpc: '2.0', id: 8, result: 6 },
    { jsonrpc: '2.0', id: 5, result: 4 },
    { jsonrpc: '2.0', id: 6, result: 5 },
    { jsonrpc: '2.0', id: 7, result: 6 },
  ])
  expect(submitted).toEqual([5, 6, 7, 5, 6, 7])
})

test('a message of more values than any request needs is refused before it is parsed', async () => {
  const many = (values: number) => ({ ...request({}), params: Array(values).fill(0) })
  expect(await ask(many(100_001))).toMatchObject({ id: null, error: { code: -32600 } })
  // What stands in a string is no value.
  expect(await ask(request({ params: { n: ','.repeat(200_000) } }))).toMatchObject({
    id: 1,
    error: { code: -32602 },
  })
})

test('a batch whose sender has gone is not answered any further, and gives back what it held', async () => {
  let [asked, held] = [0, 0]
  const going: Sender = {
    ...sender,
    count() {
      asked += 1
      return undefined
    },
    hold(bytes) {
      held += bytes
    },
    isGone: () => asked === 3,
  }
  await ask(Array(9).fill(request({})), going)
  expect([asked, held]).toEqual([3, 0])
})
