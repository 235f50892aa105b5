import { faultsMax, honestMin, quorum } from '@mmtchain/consensus-pbft'
import { expect, test } from 'vitest'

test('the arithmetic of quorums holds for 1 to 200 validators', () => {
  for (let n = 1; n <= 200; n++) {
    const [f, q] = [faultsMax(n), quorum(n)]
    // f is the most that is less than a third.
    expect(3 * f).toBeLessThan(n)
    expect(3 * (f + 1)).toBeGreaterThanOrEqual(n)
    // Two quorums share f + 1 validators, hence an honest one; the honest ones are a quorum without the liars.
    expect(2 * q - n).toBeGreaterThanOrEqual(f + 1)
    expect(n - f).toBeGreaterThanOrEqual(q)
    // More than two thirds, and no vote more than that.
    expect(3 * q).toBeGreaterThan(2 * n)
    expect(3 * (q - 1)).toBeLessThanOrEqual(2 * n)
    // Among f + 1 one is honest; the others may all lie.
    expect(honestMin(n)).toBe(f + 1)
    // 2f + 1 is enough only where n = 3f + 1.
    expect(q === 2 * f + 1).toBe(n === 3 * f + 1)
  }
})
