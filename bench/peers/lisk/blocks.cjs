// Blocks of 1,000 token transfers through lisk-sdk's own Processor, in memory, without checks of their signatures.
// Prints one line of JSON. Started by ../run.mjs: `node blocks.cjs BLOCKS`

const {
  bft,
  chain,
  codec,
  cryptography,
  testing,
  TokenModule,
  SequenceModule,
  TokenTransferAsset,
  Transaction,
} = require('lisk-sdk')
// The one part that the package does not export.
const { Processor } = require('lisk-framework/dist-node/node/processor')
const { memoryKv } = require('./memory-kv.cjs')

const BLOCKS = Number(process.argv[2])
const PER_BLOCK = 1_000
const PASSPHRASE = 'the one producer of the blocks of this benchmark'
const SLOT_SECONDS = 10
const MIN_REMAINING_BALANCE = '5000000'
// Without the KeysModule, which checks the transactions' signatures as the first thing of executing each.
const MODULES = [TokenModule, SequenceModule]
const CONFIG = { minRemainingBalance: MIN_REMAINING_BALANCE, minFeePerByte: 1000, baseFees: [] }

const hash = (text) => cryptography.hash(Buffer.from(text))
const producer = cryptography.getAddressAndPublicKeyFromPassphrase(PASSPHRASE)
const senders = Array.from({ length: PER_BLOCK }, (_, i) => {
  const publicKey = hash(`bench account ${i}`)
  return { publicKey, address: cryptography.getAddressFromPublicKey(publicKey) }
})
const transferSchema = new TokenTransferAsset(BigInt(MIN_REMAINING_BALANCE)).schema

/** A chain of one producer, whose 1,000 senders have funds from genesis on. */
async function newChain() {
  const accounts = [...senders, producer].map(({ address }) => ({
    address,
    token: { balance: 10n ** 14n },
    sequence: { nonce: 0n },
  }))
  const { genesisBlock } = testing.createGenesisBlock({
    modules: MODULES,
    accounts: accounts.sort((a, b) => a.address.compare(b.address)),
    initDelegates: [producer.address],
    timestamp: 1_600_000_000,
  })
  const networkIdentifier = cryptography.getNetworkIdentifier(genesisBlock.header.id, 'bench')
  const chainModule = new chain.Chain({
    db: memoryKv(),
    genesisBlock,
    networkIdentifier,
    maxPayloadLength: 64_000_000,
    // No rewards, as on our chain.
    rewardDistance: 1,
    rewardOffset: 1_000_000,
    rewardMilestones: [0n],
    blockTime: SLOT_SECONDS,
    minFeePerByte: CONFIG.minFeePerByte,
    baseFees: CONFIG.baseFees,
    accountSchemas: testing.getAccountSchemaFromModules(MODULES),
    roundLength: 1,
  })
  const bftModule = new bft.BFT({ chain: chainModule, threshold: 1, genesisHeight: 0 })
  const processor = new Processor({
    channel: testing.mocks.channelMock,
    logger: testing.mocks.loggerMock,
    chainModule,
    bftModule,
    config: {},
  })
  for (const Module of MODULES)
    processor.register(testing.getModuleInstance(Module, { genesisConfig: CONFIG }))
  await processor.init(genesisBlock)
  return { chainModule, bftModule, processor, networkIdentifier }
}

/** 1,000 transfers, one of each sender, to itself or to an address that was never seen. */
function transfers(nonce, kind) {
  return senders.map(({ publicKey, address }, i) => {
    const recipientAddress = kind === 'self' ? address : hash(`${nonce}/${i}`).subarray(0, 20)
    return new Transaction({
      moduleID: 2,
      assetID: 0,
      nonce: BigInt(nonce),
      fee: 1_000_000n,
      senderPublicKey: publicKey,
      asset: codec.encode(transferSchema, {
        amount: BigInt(MIN_REMAINING_BALANCE),
        recipientAddress,
        data: '',
      }),
      signatures: [Buffer.alloc(64, 1)],
    })
  })
}

async function nextBlock({ chainModule, bftModule, networkIdentifier }, payload) {
  const previous = chainModule.lastBlock.header
  const maxHeightPrevoted = await bftModule.getMaxHeightPrevoted(previous.asset.maxHeightPrevoted)
  return testing.createBlock({
    passphrase: PASSPHRASE,
    networkIdentifier,
    timestamp: previous.timestamp + SLOT_SECONDS,
    previousBlockID: previous.id,
    payload,
    header: {
      height: previous.height + 1,
      reward: 0n,
      asset: { maxHeightPreviouslyForged: previous.height, maxHeightPrevoted, seedReveal: Buffer.alloc(16) },
    },
  })
}

/** Transfers per second of `Processor.process` (a received block) and of `processValidated` (its second half). */
async function run(kind, method) {
  const made = await newChain()
  let ms = 0
  for (let i = 0; i < BLOCKS; i++) {
    const payload = transfers(i, kind)
    // Ids and addresses are computed on first use and remembered; ours has them from the checks of the signatures.
    for (const transaction of payload) [transaction.id, transaction.senderAddress]
    const block = await nextBlock(made, payload)
    const start = performance.now()
    await made.processor[method](block)
    ms += performance.now() - start
    if (made.chainModule.lastBlock !== block) throw new Error('the block was not applied')
  }
  await checkBalance(made.chainModule, kind)
  return (BLOCKS * PER_BLOCK) / (ms / 1_000)
}

/** The first sender has paid what it should: a benchmark of what does not happen is soon made. */
async function checkBalance({ dataAccess }, kind) {
  const { token, sequence } = await dataAccess.getAccountByAddress(senders[0].address)
  const paid = BigInt(BLOCKS) * (1_000_000n + (kind === 'self' ? 0n : BigInt(MIN_REMAINING_BALANCE)))
  if (token.balance !== 10n ** 14n - paid || sequence.nonce !== BigInt(BLOCKS))
    throw new Error('the balance is wrong')
}

async function main() {
  const result = {}
  for (const kind of ['self', 'new recipients']) {
    for (const method of ['process', 'processValidated']) {
      await run(kind, method)
      result[`${kind}, ${method}`] = await run(kind, method)
    }
  }
  process.stdout.write(`${JSON.stringify(result)}\n`)
}

main()
