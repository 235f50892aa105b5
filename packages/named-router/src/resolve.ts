// Resolving names by proof. It needs nothing of Node.js.
export { type Board, createBoard, type Told } from './resolver/board.ts'
export type { ChainPlace, NodePlace } from './resolver/chains.ts'
export { isPublic } from './resolver/reach.ts'
export { resolverRefusals } from './resolver/refusals.ts'
export {
  createResolver,
  DELEGATIONS_MAX,
  type Resolution,
  type ResolveOptions,
  type Resolver,
  type ResolverOptions,
  type Resource,
  type ShownName,
  shownRecords,
} from './resolver/resolver.ts'
export { type Handed, keysOf, rootOf, type Walked, walk } from './resolver/walk.ts'
