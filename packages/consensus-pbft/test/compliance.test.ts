import { pbft } from '@mmtchain/consensus-pbft'
import { engineCompliance } from '@mmtchain/testkit'
import { describe, test } from 'vitest'

describe('the engine as every engine', () => {
  for (const { name, run } of engineCompliance({ name: 'pbft', make: () => pbft() })) test(name, run)
})
