import { availableParallelism } from 'node:os'
import {
  CONFIG_DEFAULT,
  checkThreadsFor,
  configSchemaText,
  readConfigJson,
  readLogLevels,
  storeOptions,
} from '@mmtchain/node'
import { KEEP_HEIGHTS_DEFAULT, MEMORY_BYTES_DEFAULT } from '@mmtchain/storage-merkle'
import { expect, test } from 'vitest'

const refusalOf = (json: unknown) => {
  try {
    readConfigJson(json, 'config.json')
  } catch (error) {
    const { code, values } = error as { code: string; values: { path?: string } }
    return [code, values.path]
  }
  return undefined
}

test('what a configuration leaves out has its default', () => {
  expect(readConfigJson({}, 'config.json')).toEqual(CONFIG_DEFAULT)
  const own = readConfigJson(
    { $schema: './config.schema.json', rpc: { port: 1, limits: { batchMax: 7 } }, mempool: { countMax: 5 } },
    'config.json',
  )
  expect(own.rpc).toEqual({
    ...CONFIG_DEFAULT.rpc,
    port: 1,
    limits: { ...CONFIG_DEFAULT.rpc.limits, batchMax: 7 },
  })
  expect(own.mempool).toEqual({ ...CONFIG_DEFAULT.mempool, countMax: 5 })
})

test('the settings of the store are what it is opened with', () => {
  const options = (store: object) => storeOptions(readConfigJson({ store }, 'config.json'))
  expect(options({})).toEqual({ keepHeights: KEEP_HEIGHTS_DEFAULT, memoryBytes: MEMORY_BYTES_DEFAULT })
  expect(options({ keepHeights: null, memoryMib: 3072 })).toEqual({
    keepHeights: 'all',
    memoryBytes: 3 * 2 ** 30,
  })
  expect(options({ keepHeights: 7 })).toMatchObject({ keepHeights: 7 })
})

test('nodes that share a machine check signatures on the cores that are left to each', () => {
  const cores = availableParallelism()
  expect(checkThreadsFor(1)).toBe(Math.min(4, cores - 1))
  expect(checkThreadsFor(cores)).toBe(0)
  expect(checkThreadsFor(10 * cores)).toBe(0)
  expect(readConfigJson({ checkThreads: 0 }, 'config.json').checkThreads).toBe(0)
  expect(readConfigJson({}, 'config.json').checkThreads).toBeNull()
})

test('a wrong value is refused with its path', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [[], ''],
    [{ rpc: 7 }, 'rpc'],
    [{ rpc: { port: '7200' } }, 'rpc.port'],
    [{ rpc: { host: 1 } }, 'rpc.host'],
    [{ rpc: { limits: { batchMax: -1 } } }, 'rpc.limits.batchMax'],
    [{ rpc: { limits: { batchMax: 0 } } }, 'rpc.limits.batchMax'],
    [{ rpc: { limits: { requestTimeoutMs: 3_000_000_000 } } }, 'rpc.limits.requestTimeoutMs'],
    [{ mempool: { countMax: 0 } }, 'mempool.countMax'],
    [{ store: { keepHeights: 1 } }, 'store.keepHeights'],
    [{ store: { keepHeights: 'all' } }, 'store.keepHeights'],
    [{ store: { memoryMib: 15 } }, 'store.memoryMib'],
    [{ checkThreads: 65 }, 'checkThreads'],
    [{ rpc: { tokens: [{ name: 'a', sha256: 'no', roles: [] }] } }, 'rpc.tokens.0.sha256'],
    [{ mempol: {} }, 'mempol'],
    [{ mempool: { max: 1 } }, 'mempool.max'],
    [{ log: 'info,disk=debug' }, 'log'],
  ]
  for (const [json, path] of cases)
    expect(refusalOf(json), JSON.stringify(json)).toEqual(['home/BAD_CONFIG', path])
})

test('the schema says of every setting what it means and its default, and requires none', () => {
  interface Described {
    readonly description?: string
    readonly default?: unknown
    readonly required?: unknown
    readonly additionalProperties?: unknown
    readonly properties?: Readonly<Record<string, Described>>
  }
  const check = (schema: Described, path: string) => {
    expect(schema.required, path).toBeUndefined()
    if (path !== '') expect(schema.description, path).toMatch(/\.$/)
    if (!schema.properties) return expect(schema, path).toHaveProperty('default')
    expect(schema.additionalProperties, path).toBe(false)
    for (const [name, property] of Object.entries(schema.properties))
      if (name !== '$schema') check(property, path === '' ? name : `${path}.${name}`)
  }
  const schema = JSON.parse(configSchemaText()) as Described
  check(schema, '')
  expect(Object.keys(schema.properties ?? {})).toEqual(['$schema', ...Object.keys(CONFIG_DEFAULT)])
})

test('log levels are one for all, and others for components', () => {
  expect(readLogLevels('warn')).toEqual({ level: 'warn', components: {} })
  expect(readLogLevels('rpc=debug, silent')).toEqual({ level: 'silent', components: { rpc: 'debug' } })
  for (const text of ['', 'loud', 'rpc=', 'rpc=loud', 'disk=info', 'a=b=c'])
    expect(() => readLogLevels(text), text).toThrow(/no level/)
})
