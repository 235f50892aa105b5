import { hash, type Json, option, struct, toJson, u32, unit } from '@mmtchain/codec'
import { chainMethods } from './chain-methods.ts'
import { type Method, method } from './method.ts'
import { openRpcDocument } from './openrpc.ts'
import { proofMethods } from './proof-methods.ts'
import { rpcFail } from './refusals.ts'
import { array, count, decimal, health as healthSchema, nullable, object, string } from './schemas.ts'
import type { RpcLimits } from './settings.ts'
import { transactionMethods } from './transaction-methods.ts'
import type { View } from './view.ts'

/** What a node calls itself. */
export interface NodeInfo {
  readonly name: string
  readonly version: string
}

/** Another node, as the network of this one sees it. */
export interface PeerInfo {
  /** Its name, where that is known. */
  readonly node: string | null
  readonly address: string
  readonly url: string
  readonly version: string | null
  readonly height: bigint | null
  readonly latencyMs: number | null
  /** How far its clock is ahead. */
  readonly clockOffsetMs: number | null
  readonly state: string
  /** Why it is not connected or not healthy. */
  readonly why: string
}

/** A snapshot of the state that the node makes, or has made since it started. */
export interface SnapshotRun {
  /** Counts from 1. */
  readonly run: number
  readonly state: 'making' | 'done' | 'failed'
  /** How many files are written. */
  readonly files: number
  /** Where it lies on the node's machine, once it is done. */
  readonly folder: string | null
  readonly height: bigint | null
  /** Of its manifest. */
  readonly id: string | null
  readonly chunks: number | null
  readonly rows: number | null
  /** Why it failed; empty otherwise. */
  readonly why: string
}

/** Makes snapshots while the node runs. */
export interface SnapshotMaker {
  /** Begins one, or answers with the one that is being made. */
  begin(): SnapshotRun
  /** Undefined for one that is not known any more. */
  look(run: number): SnapshotRun | undefined
}

/** The table of all methods of a node under one release: those of every node, and every query of every module as `module_query`. */
export function createMethods(
  view: View,
  args: {
    readonly info: NodeInfo
    readonly limits: RpcLimits
    readonly peers?: (() => readonly PeerInfo[]) | undefined
    readonly snapshots?: SnapshotMaker | undefined
  },
): ReadonlyMap<string, Method> {
  const { code } = view
  const methods = new Map<string, Method>()
  const rows = [
    discover(() => methods.values(), code.id, args.info),
    ...chainMethods(view, args.limits),
    ...proofMethods(view),
    ...transactionMethods(view, args.limits),
    ...nodeMethods(view, args),
    ...(args.snapshots ? [snapshotMethod(args.snapshots)] : []),
    ...queryMethods(view),
  ]
  for (const row of rows) {
    if (methods.has(row.name)) throw rpcFail.METHOD_TAKEN({ method: row.name })
    methods.set(row.name, row)
  }
  return methods
}

function discover(methods: () => Iterable<Method>, chainId: string, { version }: NodeInfo): Method {
  let document: Json | undefined
  const description = 'JSON-RPC 2.0 over HTTP and WebSocket. 64-bit integers and amounts are decimal strings.'
  return method({
    name: 'rpc.discover',
    summary: 'The OpenRPC document of this very chain',
    role: 'read',
    works: true,
    params: unit,
    result: { type: 'object', required: ['openrpc', 'info', 'methods'] },
    run: () => {
      // The table is of one release, and so is its description.
      document ??= openRpcDocument(methods(), { title: chainId, version, description })
      return document
    },
  })
}

function nodeMethods(
  { node, code }: View,
  { info, peers = () => [] }: Parameters<typeof createMethods>[1],
): readonly Method[] {
  return [
    method({
      name: 'node_info',
      summary: 'Name and version of the node’s software, and its chain',
      role: 'read',
      params: unit,
      result: object({
        name: string,
        version: string,
        platform: string,
        chainId: string,
        fingerprint: hash.schema,
      }),
      run: () => ({
        name: info.name,
        version: info.version,
        platform: `node ${process.version}`,
        chainId: code.id,
        fingerprint: node.genesis.fingerprint,
      }),
    }),
    method({
      name: 'node_peers',
      summary:
        'The nodes that this one is connected with, wants to be or has banned, and why; none on a chain of one node',
      role: 'read',
      params: unit,
      result: array(
        object({
          node: nullable(string),
          address: string,
          url: string,
          version: nullable(string),
          height: nullable(decimal),
          latencyMs: nullable(count),
          clockOffsetMs: nullable({ type: 'integer' }),
          state: string,
          why: string,
        }),
      ),
      run: () =>
        peers().map((peer) => ({ ...peer, height: peer.height === null ? null : peer.height.toString() })),
    }),
    method({
      name: 'node_health',
      summary: 'Whether the node is ready, and what was found where it is not',
      role: 'read',
      params: unit,
      result: healthSchema,
      run: async () => (await node.health()) as unknown as Json,
    }),
  ]
}

function snapshotMethod(snapshots: SnapshotMaker): Method {
  return method({
    name: 'node_snapshot',
    summary:
      'Begins to write a snapshot of the state on the node’s machine, one at a time, or says how far the one of that number is',
    role: 'admin',
    params: struct({ run: option(u32) }),
    result: object({
      run: count,
      state: { enum: ['making', 'done', 'failed'] },
      files: count,
      folder: nullable(string),
      height: nullable(decimal),
      id: nullable(hash.schema),
      chunks: nullable(count),
      rows: nullable(count),
      why: string,
    }),
    run({ run }) {
      const found = run === null ? snapshots.begin() : snapshots.look(run)
      if (!found) throw rpcFail.SNAPSHOT_NOT_FOUND({ run: Number(run) })
      return { ...found, height: found.height === null ? null : found.height.toString() }
    },
  })
}

function queryMethods({ node, code }: View): readonly Method[] {
  const { machine, store } = node
  return code.modules.flatMap(({ spec }) =>
    [...spec.queries].map(([query, { input, output }]) =>
      method({
        name: `${spec.name}_${query}`,
        summary: `The query ${query} of the module ${spec.name}`,
        role: 'read',
        works: true,
        params: input,
        result: output.schema,
        run(params) {
          const answer = machine.query(store, node.tip, { module: spec.name, query, input: params })
          return toJson(output, answer, code)
        },
      }),
    ),
  )
}
