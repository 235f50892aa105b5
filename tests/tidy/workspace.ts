// The repository as data: its files, its packages, and how each test looks at them.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export const root = fileURLToPath(new URL('../../', import.meta.url))

// What .gitignore names. Walked by hand, so that a checkout without git is tested too.
const ignored = new Set(['.git', 'node_modules', 'dist', '.turbo', '.mmt', 'coverage'])

/** One text file: `path` from the root of the repository, with forward slashes. */
export interface TextFile {
  readonly path: string
  readonly text: string
}

/** The fields of a package.json that the tests look at. */
export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** One workspace package: `dir` is `packages/kernel`, `folder` is `kernel`. */
export interface WorkspacePackage {
  readonly dir: string
  readonly folder: string
  readonly manifest: Manifest
}

/** Every file below a folder that git would track, in byte order. */
export function filesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !ignored.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return path === 'docs/api' ? [] : filesBelow(path)
      return entry.isFile() ? [path] : []
    })
    .sort()
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function readFiles(paths: readonly string[]): TextFile[] {
  return paths.map((path) => ({ path, text: readText(path) }))
}

/** The folders directly below `packages`, `apps` or `examples`; a folder without any file is not there yet. */
export function foldersOf(parent: 'packages' | 'apps' | 'examples'): string[] {
  if (!existsSync(join(root, parent))) return []
  return readdirSync(join(root, parent)).filter((folder) => filesBelow(`${parent}/${folder}`).length > 0)
}

/** The packages below `packages`, `apps` or `examples` that have a package.json. */
export function packagesOf(parent: 'packages' | 'apps' | 'examples'): WorkspacePackage[] {
  return foldersOf(parent)
    .map((folder) => ({ dir: `${parent}/${folder}`, folder }))
    .filter(({ dir }) => existsSync(join(root, dir, 'package.json')))
    .map(({ dir, folder }) => ({ dir, folder, manifest: JSON.parse(readText(`${dir}/package.json`)) }))
}

export const isTypeScript = (path: string): boolean => /\.[cm]?tsx?$/.test(path)

/** The TypeScript files below `src` of packages and apps: what is published or runs. */
export function sourceFiles(packages = [...packagesOf('packages'), ...packagesOf('apps')]): TextFile[] {
  return readFiles(packages.flatMap(({ dir }) => filesBelow(`${dir}/src`)).filter(isTypeScript))
}

export function parse({ path, text }: TextFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}

/** `path:line`, as editors and terminals link it. */
export function place(file: ts.SourceFile, position: number): string {
  return `${file.fileName}:${file.getLineAndCharacterOfPosition(position).line + 1}`
}

/** Calls `visit` for a node and everything below it, in source order. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

/** The options of tsconfig.json, for the tests that check types themselves. */
export function compilerOptions(): ts.CompilerOptions {
  const { config, error } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, '\n'))
  return ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root).options
}

/** A compiler host that also sees the given files, by absolute path, without writing them. */
export function hostWith(files: ReadonlyMap<string, string>, options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options)
  const folders = new Set([...files.keys()].flatMap((path) => ancestors(path)))
  return {
    ...host,
    fileExists: (path) => files.has(path) || host.fileExists(path),
    readFile: (path) => files.get(path) ?? host.readFile(path),
    directoryExists: (path) => folders.has(path) || (host.directoryExists?.(path) ?? true),
    getSourceFile: (path, version, onError, fresh) => {
      const text = files.get(path)
      if (text === undefined) return host.getSourceFile(path, version, onError, fresh)
      return ts.createSourceFile(path, text, version, true)
    },
  }
}

function ancestors(path: string): string[] {
  const parts = path.split('/').slice(1, -1)
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`)
}
