import type { ProjectPlan } from './scaffold-chain.ts'
import { moduleFolder } from './scaffold-module.ts'

/** The README of a new project: what lies where, and the next three commands. */
export function projectReadme({ name, modules, own }: ProjectPlan): string {
  const has = (module: (typeof modules)[number]) => modules.includes(module)
  const tries = [
    ...(own === undefined
      ? []
      : [
          `npx mmt tx ${own} write --key hello --note "first light" --from demo1`,
          `npx mmt query ${own} entry --key hello`,
        ]),
    ...(has('token') ? ['npx mmt tx token transfer --to demo2 --amount 12.5 --from demo1'] : []),
    'npx mmt status',
  ]
  const files = [
    ['chain.ts', 'the chain: its modules, their choices, its engine'],
    ['test/chain.test.ts', 'tests of the chain on the real kernel'],
    ...(own === undefined
      ? []
      : [[`${moduleFolder(own)}`, `the module \`${own}\`: its README is its specification`]]),
    ['.mmt', 'the home of the development chain, with its keys; not for git'],
  ]
  const notes = [
    ...(has('rewards')
      ? [
          'The validator of `mmt dev` stands for election by itself; what a real one needs is in the README of `@mmtchain/consensus-dpos`.',
        ]
      : []),
    ...(has('admin')
      ? [
          'With `mmt dev`, `demo1`, `demo2` and `demo3` are an organisation each; `--document admin=FILE` names others.',
        ]
      : []),
  ]
  return `# ${name}

An alliance chain made of [MMT Chain](https://github.com/mmtchain/mmt-chain) packages. Needs Node.js 20.19 or newer.

\`\`\`sh
npm install
npm test
npx mmt dev
\`\`\`

\`npx mmt dev\` runs the chain on this machine, a block every second, with ten funded keys, \`demo1\` to \`demo10\`; it starts again when
the chain file changes, and goes on where it stopped. In a second terminal:

\`\`\`sh
${tries.join('\n')}
\`\`\`

| where | what |
| --- | --- |
${files.map(([where, what]) => `| \`${where}\` | ${what} |`).join('\n')}

\`npx mmt module new NAME\` begins one more module; it tells the two lines that \`chain.ts\` needs. \`npx mmt testnet --validators 4 --dir
network --chain chain.ts\` runs four nodes, and \`npx mmt --help\` tells the rest.
${notes.map((note) => `\n${note}\n`).join('')}`
}
