export { type AnyChain, bundleChainFile, loadBundle, loadChainFile } from './chain-file.ts'
export { balancesPart, buildGenesis, type DocumentPart, readDocumentPart } from './genesis.ts'
export {
  CONFIG_DEFAULT,
  type Config,
  createHome,
  type Home,
  homeAt,
  isHome,
  readConfig,
  readJson,
} from './home.ts'
export {
  type AskPassphrase,
  keyNames,
  makeDemoKeys,
  openKey,
  passphraseFromFile,
  readKey,
  type StoredKey,
  storeKey,
} from './keyring.ts'
export { homeRefusals } from './refusals.ts'
export { type RunningNode, runNode } from './run.ts'
export { VERSION } from './version.ts'
