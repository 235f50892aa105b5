/**
 * Times the functions in turn, round after round, so that all meet the same weather. Answers with the median
 * nanoseconds of one call of each, in the order given.
 */
export function interleaved(functions, { rounds = 7, millisecondsEach = 40 } = {}) {
  const names = Object.keys(functions)
  const counts = Object.fromEntries(names.map((name) => [name, calibrate(functions[name], millisecondsEach)]))
  const samples = Object.fromEntries(names.map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const name of names) samples[name].push(nanoseconds(functions[name], counts[name]))
  }
  return Object.fromEntries(names.map((name) => [name, samples[name].sort((a, b) => a - b)[rounds >> 1]]))
}

function nanoseconds(call, count) {
  const start = process.hrtime.bigint()
  for (let i = 0; i < count; i++) call(i)
  return Number(process.hrtime.bigint() - start) / count
}

function calibrate(call, milliseconds) {
  let count = 1
  for (;;) {
    const total = nanoseconds(call, count) * count
    if (total > 5e6) return Math.max(1, Math.round((count * milliseconds * 1e6) / total))
    count *= 2
  }
}
