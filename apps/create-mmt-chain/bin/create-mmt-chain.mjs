#!/usr/bin/env node
// `npm create mmt-chain DIR` runs `mmt create DIR`.
process.argv.splice(2, 0, 'create')
await import('@mmtchain/cli/mmt')
