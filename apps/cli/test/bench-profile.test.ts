import { sharesOf } from '@mmtchain/cli'
import { expect, test } from 'vitest'

const frame = (functionName: string, url = '') => ({ functionName, url })
const kernel = 'file:///x/packages/kernel/dist/index.js'

test('a sample belongs to the innermost part that it is in, and all shares make one', () => {
  const nodes = [
    { id: 1, callFrame: frame('(root)'), children: [2, 8, 9] },
    { id: 2, callFrame: frame('answer', 'file:///x/packages/rpc/dist/index.js'), children: [3, 6] },
    { id: 3, callFrame: frame('submit', 'file:///x/packages/node-runtime/dist/index.js'), children: [4, 5] },
    { id: 4, callFrame: frame('checkTransaction', 'file:///x/packages/tx/dist/index.js'), children: [7] },
    { id: 5, callFrame: frame('build', kernel), children: [10] },
    { id: 6, callFrame: frame('parse') },
    { id: 7, callFrame: frame('sha256', 'file:///x/packages/crypto/dist/index.js') },
    { id: 8, callFrame: frame('(idle)') },
    { id: 9, callFrame: frame('(garbage collector)') },
    { id: 10, callFrame: frame('stage', 'file:///x/packages/storage-merkle/dist/index.js'), children: [11] },
    { id: 11, callFrame: frame('sha256', 'file:///x/packages/crypto/dist/index.js') },
  ]
  const shares = sharesOf({
    nodes,
    samples: [6, 7, 3, 5, 11, 8, 9, 1],
    timeDeltas: [10, 20, 5, 15, 25, 10, 10, 5],
  })
  expect(shares).toEqual({
    http: 0.1,
    signatures: 0.2,
    admit: 0.05,
    execute: 0.15,
    root: 0.25,
    disk: 0,
    gc: 0.1,
    other: 0.05,
    idle: 0.1,
  })
})

test('an empty profile has no shares', () => {
  expect(Object.values(sharesOf({ nodes: [] })).every((share) => share === 0)).toBe(true)
})
