import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Readings } from './host.ts'

/** What a node measures, in the text format of Prometheus. */
export interface Metrics {
  /** The media type of `text`. */
  readonly contentType: string
  text(): Promise<string>
}

/** What is read when somebody asks for the metrics. */
export interface Gauges {
  readonly height: bigint
  readonly finalised: bigint
  readonly peers: number
  /** The greatest height that this node knows of. */
  readonly target: bigint
  readonly round: number
  readonly tipTimeMs: bigint
  readonly validators: number
  readonly mempool: {
    readonly count: number
    readonly bytes: number
    readonly senders: number
    readonly countMax: number
    readonly bytesMax: number
  }
}

/** The metrics of a node, and what writes to them. */
export interface Recorder extends Metrics {
  /** A block was built, checked or committed in so many milliseconds. */
  took(phase: 'build' | 'validate' | 'commit' | 'check' | 'recheck', ms: number): void
  committed(args: {
    readonly transactions: number
    readonly refused: number
    readonly intervalMs: number
  }): void
  /** A transaction was given to the mempool; `code` says why it was refused. */
  submitted(code?: string): void
  /** Another node broke the protocol. */
  blamed(): void
  /** A waiting transaction left the mempool without a block. */
  dropped(code: string): void
}

const SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const COUNTS = [0, 1, 5, 10, 50, 100, 500, 1_000, 5_000, 10_000]
const PHASES = {
  build: ['mmt_block_build_duration_seconds', 'Time to choose and execute the transactions of a block.'],
  validate: ['mmt_block_validate_duration_seconds', 'Time to execute a block of another node.'],
  commit: ['mmt_block_commit_duration_seconds', 'Time to write a block to disk.'],
  check: ['mmt_transaction_check_duration_seconds', 'Time to check the signatures of a transaction.'],
  recheck: [
    'mmt_mempool_recheck_duration_seconds',
    'Time to check waiting transactions again after a block.',
  ],
} as const
/** Of prom-client's own; gauges whose names end like those of counters. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
]

/** Makes the metrics of a node. `read` and `readings` are asked at each scrape; with `readings`, the process's own are there too. */
export function createMetrics(args: {
  readonly read: () => Gauges
  readonly readings: (() => Promise<Readings>) | undefined
  /** What others measure, in the same format. */
  readonly more?: readonly (() => Promise<string>)[] | undefined
}): Recorder {
  const { read, readings, more = [] } = args
  const registry = new Registry()
  const registers = [registry]
  const gauge = (name: string, help: string, value: (now: Gauges) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(read()))
      },
    })
  gauge('mmt_block_height', 'Height of the newest committed block.', ({ height }) => Number(height))
  gauge(
    'mmt_block_finalised_height',
    'Height of the newest block that cannot be taken back.',
    ({ finalised }) => Number(finalised),
  )
  gauge(
    'mmt_sync_target_height',
    'The greatest height that this node knows of, its own or another’s.',
    ({ target }) => Number(target),
  )
  gauge('mmt_block_round', 'Consensus round in which the newest block was made.', ({ round }) => round)
  gauge(
    'mmt_block_timestamp_seconds',
    'Unix time of the newest block.',
    ({ tipTimeMs }) => Number(tipTimeMs) / 1_000,
  )
  gauge('mmt_validators', 'Validators of the next height.', ({ validators }) => validators)
  gauge('mmt_peers', 'Nodes that this node is connected with.', ({ peers }) => peers)
  gauge('mmt_mempool_transactions', 'Transactions that wait for a block.', ({ mempool }) => mempool.count)
  gauge('mmt_mempool_bytes', 'Bytes of the transactions that wait.', ({ mempool }) => mempool.bytes)
  gauge('mmt_mempool_senders', 'Accounts with waiting transactions.', ({ mempool }) => mempool.senders)
  gauge(
    'mmt_mempool_transactions_limit',
    'Most transactions that may wait.',
    ({ mempool }) => mempool.countMax,
  )
  gauge('mmt_mempool_bytes_limit', 'Most bytes that may wait.', ({ mempool }) => mempool.bytesMax)
  const submissions = new Counter({
    name: 'mmt_mempool_submissions_total',
    help: 'Transactions given to the mempool by outcome: accepted, or the code of the refusal.',
    labelNames: ['outcome'],
    registers,
  })
  const drops = new Counter({
    name: 'mmt_mempool_dropped_total',
    help: 'Waiting transactions that were dropped, by the code of the reason.',
    labelNames: ['reason'],
    registers,
  })
  const offences = new Counter({
    name: 'mmt_network_offences_total',
    help: 'How often another node broke the protocol.',
    registers,
  })
  const transactions = new Counter({
    name: 'mmt_transactions_total',
    help: 'Transactions in committed blocks by outcome.',
    labelNames: ['outcome'],
    registers,
  })
  for (const outcome of ['done', 'refused']) transactions.inc({ outcome }, 0)
  const blockTransactions = new Histogram({
    name: 'mmt_block_transactions',
    help: 'Transactions of a block.',
    buckets: COUNTS,
    registers,
  })
  const interval = new Histogram({
    name: 'mmt_block_interval_seconds',
    help: 'Time from one block to the next, by the blocks.',
    buckets: [0.1, 0.25, 0.5, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120],
    registers,
  })
  const durations = Object.fromEntries(
    Object.entries(PHASES).map(([phase, [name, help]]) => [
      phase,
      new Histogram({ name, help, buckets: SECONDS, registers }),
    ]),
  ) as Record<keyof typeof PHASES, Histogram>
  if (readings) addMachine(registry, readings)
  return {
    contentType: registry.contentType,
    async text() {
      const texts = await Promise.all([registry.metrics(), ...more.map((one) => one())])
      return texts.join('\n')
    },
    took: (phase, ms) => durations[phase].observe(ms / 1_000),
    committed({ transactions: count, refused, intervalMs }) {
      if (count > refused) transactions.inc({ outcome: 'done' }, count - refused)
      if (refused > 0) transactions.inc({ outcome: 'refused' }, refused)
      blockTransactions.observe(count)
      interval.observe(intervalMs / 1_000)
    },
    submitted: (code = 'accepted') => submissions.inc({ outcome: code }),
    blamed: () => offences.inc(),
    dropped: (code) => drops.inc({ reason: code }),
  }
}

/** Disk, and what prom-client knows of process, garbage collection and event loop. */
function addMachine(registry: Registry, readings: () => Promise<Readings>): void {
  collectDefaultMetrics({ register: registry })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  const disk = (name: string, help: string, value: (disk: NonNullable<Readings['disk']>) => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const { disk } = await readings()
        if (disk) this.set(value(disk))
      },
    })
  disk('mmt_data_bytes', 'Bytes of the files in the data folder.', ({ dataBytes }) => dataBytes)
  disk(
    'mmt_disk_free_bytes',
    'Bytes free on the file system of the data folder.',
    ({ freeBytes }) => freeBytes,
  )
}
