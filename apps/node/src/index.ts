export { type HomeAdmin, readAdmin } from './admin.ts'
export { makeFolder } from './atomic-file.ts'
export { type AnyChain, bundleChainFile, type ChainBundle, loadBundle, loadChainFile } from './chain-file.ts'
export { homeHealthTexts } from './checks.ts'
export {
  CONFIG_DEFAULT,
  type Config,
  checkThreadsFor,
  configSchemaText,
  readConfigJson,
  storeOptions,
} from './config.ts'
export { balancesPart, buildGenesis, type DocumentPart, readDocumentPart } from './genesis.ts'
export {
  checkNotInUse,
  clearHome,
  createHome,
  type Home,
  homeAt,
  isHome,
  readConfig,
  readJson,
  replaceChainFile,
} from './home.ts'
export { readHomeGenesis } from './home-genesis.ts'
export {
  type AskPassphrase,
  keyNames,
  makeDemoKeys,
  openKey,
  passphraseFromFile,
  readKey,
  replaceKey,
  type StoredKey,
  storeKey,
} from './keyring.ts'
export { type LogLevels, readLogLevels, startLog } from './log.ts'
export { makeNodeKey, networkHealthTexts, nodeName } from './network.ts'
export { ensureOnion, hasReveals, revealHealthTexts } from './onion.ts'
export { checkPort } from './port.ts'
export { homeFail, homeRefusals } from './refusals.ts'
export { type RunNodeArgs, type RunningNode, runNode } from './run.ts'
export { serveHome } from './serve.ts'
export { checkSignState, type MissingSignState } from './sign-state.ts'
export { VERSION } from './version.ts'
