/**
 * The size in MiB of each half of V8's young space that a node under load has use for: what waits in its pool outlives the 16 MiB that V8 gives by
 * itself, and is copied twice for nothing (ADR 0101). It grows only as far as it is used.
 */
const HALF_MIB = 64
const FLAG = /^--max[-_]semi[-_]space[-_]size(=|$)/

/** How a node's process gets a larger young space: V8 takes it only at its start. What the user has set for this process is kept. */
export function youngSpaceFlags({
  execArgv,
  nodeOptions,
}: {
  readonly execArgv: readonly string[]
  readonly nodeOptions: string
}): readonly string[] {
  // The environment is handed down, and a flag on the command line would outdo it.
  if (nodeOptions.split(/[\s"]+/).some((option) => FLAG.test(option))) return []
  const own = execArgv.filter((option) => FLAG.test(option))
  return own.length > 0 ? own : [`--max-semi-space-size=${HALF_MIB}`]
}
