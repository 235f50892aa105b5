import { contracts, offer } from '@mmtchain/contracts'
import { bool, defineChain, defineModule, solo, text } from '@mmtchain/kernel'
import { token } from '@mmtchain/token-rewards'
import { createSandbox } from '@mmtchain/vm-sandbox'

const known = defineModule('known', {}).provides<
  {},
  { forget(): undefined },
  { isKnown(who: string): boolean }
>({
  granted: () => ({ forget: () => undefined }),
  reads: () => ({ isKnown: () => true }),
})
const base = defineChain({ id: 'x', consensus: solo() }).use(token({ symbol: 'X' }))
const grants = { kernel: ['attempt'], token: ['move'] } as const
const offers = {
  known: offer<{ forget(): undefined }, { isKnown(who: string): boolean }>((capability) => ({
    isKnown: capability({
      ...{ takes: text({ bytesMax: 8 }), gives: bool, gas: 1 },
      run: (api, { input }) => api.isKnown(input),
    }),
  })),
}

base.use(contracts({ sandbox: createSandbox }), { grants })
base
  .use(known)
  .use(contracts({ sandbox: createSandbox, offers }), { grants: { ...grants, known: ['forget'] } })

// @ts-expect-error the token does not let it move money
base.use(contracts({ sandbox: createSandbox }), { grants: { kernel: ['attempt'] } })
// @ts-expect-error it could not take back what failed
base.use(contracts({ sandbox: createSandbox }), { grants: { token: ['move'] } })
// @ts-expect-error there is no token
defineChain({ id: 'x', consensus: solo() }).use(contracts({ sandbox: createSandbox }), {
  grants: { kernel: ['attempt'] },
})
// @ts-expect-error what it offers is not there
base.use(contracts({ sandbox: createSandbox, offers }), { grants })
// @ts-expect-error what it offers was not granted
base.use(known).use(contracts({ sandbox: createSandbox, offers }), { grants })
// @ts-expect-error an offer gives what its codec says
offer<{}, {}>((capability) => ({ a: capability({ takes: bool, gives: bool, gas: 1, run: () => 'text' }) }))
