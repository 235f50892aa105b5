// The key-value store of @liskhq/lisk-db in memory: the same methods over a Map, where the package has RocksDB on disk.

const { Readable } = require('node:stream')
const {
  db: { NotFoundError },
} = require('lisk-sdk')

/** The only beginnings of keys within which lisk-chain reads ranges; one row a block each. */
const READ_IN_RANGES = ['blocks:height', 'tempBlocks:height', 'diff']

function memoryKv() {
  const rows = new Map()
  const ranged = new Set()
  const put = (key, value) => {
    rows.set(key, value)
    if (READ_IN_RANGES.some((start) => key.startsWith(start))) ranged.add(key)
  }
  const del = (key) => {
    rows.delete(key)
    ranged.delete(key)
  }
  const within = ({ gte, lte = '\uffff', lt = '\uffff' }) =>
    [...ranged].filter((key) => key >= gte && key <= lte && key < lt).sort()

  return {
    async get(key) {
      const value = rows.get(key)
      if (value === undefined) throw new NotFoundError(key)
      return value
    },
    async exists(key) {
      return rows.has(key)
    },
    async put(key, value) {
      put(key, value)
    },
    async del(key) {
      del(key)
    },
    async clear(range) {
      for (const key of within(range)) del(key)
    },
    createReadStream({ reverse = false, limit = Number.POSITIVE_INFINITY, ...range }) {
      const keys = reverse ? within(range).reverse() : within(range)
      return Readable.from(keys.slice(0, limit).map((key) => ({ key, value: rows.get(key) })))
    },
    batch() {
      const steps = []
      return {
        put: (key, value) => steps.push(() => put(key, value)),
        del: (key) => steps.push(() => del(key)),
        async write() {
          for (const step of steps) step()
        },
      }
    },
    async close() {},
  }
}

module.exports = { memoryKv }
