// What the host offers beyond the language. Nothing here imports a `node:` module, so that the package bundles for
// browsers; the Node modules are asked for by name at run time, and every caller has a path without them.

interface HostProcess {
  readonly getBuiltinModule?: (id: string) => unknown
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly argv?: readonly string[]
}

function hostProcess(): HostProcess | undefined {
  return (globalThis as unknown as { readonly process?: HostProcess }).process
}

/** The Node.js module `id`, typed by the caller as the part that it uses; undefined where there is none. */
export function nodeModule<T>(id: string): Partial<T> | undefined {
  try {
    return hostProcess()?.getBuiltinModule?.(id) as Partial<T> | undefined
  } catch {
    return undefined
  }
}

/** The value of an environment variable; undefined when unset, empty, or where there is no environment. */
export function environment(name: string): string | undefined {
  return hostProcess()?.env?.[name] || undefined
}

interface NodeModuleLoader {
  createRequire(from: string): { (id: string): unknown; resolve(id: string): string }
}

/**
 * A CommonJS module that is installed beside this package, typed by the caller as the part that it uses. Where this
 * package was bundled into a file elsewhere (a chain file in a node's home), it looks from the package as the program
 * that was started sees it. Throws the loader's error when there is none, and outside Node.js.
 */
export function requireInstalled<T>(id: string): T {
  const createRequire = nodeModule<NodeModuleLoader>('node:module')?.createRequire
  if (createRequire === undefined) throw new Error('this platform has no Node.js modules')
  try {
    return createRequire(import.meta.url)(id) as T
  } catch (error) {
    const program = hostProcess()?.argv?.[1]
    if (program === undefined || !isElsewhere(error)) throw error
    const own = createRequire(program).resolve('@mmtchain/crypto/package.json')
    return createRequire(own)(id) as T
  }
}

/** True for "not installed here" and, in a bundle that is not a module, "here has no name"; not for a broken binary. */
function isElsewhere(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return code === 'MODULE_NOT_FOUND' || code === 'ERR_INVALID_ARG_VALUE'
}
